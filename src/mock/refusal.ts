/** A refusal of the API, in its words and shape: `{ error: { message, type, param, code } }`. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;
  /** Extra header lines, name, value, … */
  readonly headers: string[];

  constructor(status: number, message: string, details: Details = {}) {
    super(message);
    this.status = status;
    this.param = details.param ?? null;
    this.code = details.code ?? null;
    this.headers = details.headers ?? [];
  }

  toJSON() {
    const { message, param, code } = this;
    return { error: { message, type: "invalid_request_error", param, code } };
  }
}

type Details = { param?: string; code?: string; headers?: string[] };

export function unknownUrl(method: string, path: string): Refusal {
  const docs = "https://platform.openai.com/docs/api-reference/";
  const message = `Unknown request URL: ${method} ${path}. Please check the URL for typos, or see the docs at ${docs}.`;
  return new Refusal(404, message, { code: "unknown_url" });
}

export function methodNotAllowed(method: string, path: string, allowed: string[]): Refusal {
  const message = `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`;
  const headers = ["allow", allowed.join(", ")];
  return new Refusal(405, message, { code: "method_not_supported", headers });
}

export function notJson(): Refusal {
  return new Refusal(400, "We could not parse the JSON body of your request.");
}

export function notMultipart(): Refusal {
  return new Refusal(400, "Could not parse multipart form");
}

export function missingParameter(param: string): Refusal {
  const message = `Missing required parameter: '${param}'.`;
  return new Refusal(400, message, { param, code: "missing_required_parameter" });
}

export function invalidParameter(param: string | undefined, reason: string): Refusal {
  if (!param) return new Refusal(400, `Invalid request: ${reason}.`, { code: "invalid_type" });
  return new Refusal(400, `Invalid '${param}': ${reason}.`, { param, code: "invalid_value" });
}

export function noSuchModel(id: string): Refusal {
  const details = { param: "model", code: "model_not_found" };
  return new Refusal(404, `The model '${id}' does not exist`, details);
}

export function mayNotDelete(id: string): Refusal {
  return new Refusal(403, `The model '${id}' is not yours to delete.`, { param: "model" });
}

export function noSuch(noun: string, id: string): Refusal {
  return new Refusal(404, `No ${noun} found with id '${id}'.`, { param: "id" });
}

export function noSuchFile(id: string): Refusal {
  return new Refusal(404, `No such File object: ${id}`, { param: "id" });
}

export function noSuchResponse(id: string): Refusal {
  return new Refusal(404, `Response with id '${id}' not found.`, { param: "id" });
}

export function previousNotFound(id: string): Refusal {
  const details = { param: "previous_response_id", code: "previous_response_not_found" };
  return new Refusal(400, `Previous response with id '${id}' not found.`, details);
}

export function notNow(noun: string, act: string, status: string): Refusal {
  const message = `Cannot ${act} a ${noun} with status '${status}'.`;
  return new Refusal(400, message, { code: "invalid_status" });
}

export function needsWebSocket(): Refusal {
  const message = "This can only be asked for over a WebSocket.";
  return new Refusal(400, message, { code: "websocket_required" });
}

export function bodyTooLarge(limit: number): Refusal {
  return new Refusal(413, `The mock takes bodies of at most ${limit} bytes.`);
}

export function unknownEncoding(encoding: string): Refusal {
  return new Refusal(415, `Unsupported Content-Encoding: ${encoding}.`);
}

export function rangeNotSatisfiable(size: number): Refusal {
  const message = `The requested range is outside of the ${size} bytes there are.`;
  return new Refusal(416, message, { headers: ["content-range", `bytes */${size}`] });
}

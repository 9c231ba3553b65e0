type Details = {
  status: number;
  code: string;
  type?: string;
  /** Whether an SDK may repeat the request without asking anybody (behaviours of `x-should-retry`). */
  retry?: boolean;
  headers?: string[];
  cause?: unknown;
};

/** Anything the relay itself refuses or fails at. OpenAI's own errors pass through untouched. */
export class RelayError extends Error {
  override name = "RelayError";
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly retry: boolean;
  /** Extra header lines of the answer, name, value, … */
  readonly headers: string[];

  constructor(message: string, details: Details) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.type = details.type ?? typeOf(details.status);
    this.retry = details.retry ?? false;
    this.headers = details.headers ?? [];
  }

  /** The body that OpenAI's SDKs understand. */
  toJSON(): { error: { message: string; type: string; param: null; code: string } } {
    return { error: { message: this.message, type: this.type, param: null, code: this.code } };
  }
}

/** OpenAI's name for a kind of error, by status. */
function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403 || status === 421) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

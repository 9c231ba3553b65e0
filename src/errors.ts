import { tellable } from "./tellable.ts";

type Details = {
  status: number;
  code: string;
  type?: string;
  /** Whether an SDK may repeat the request without asking anybody (behaviours of `x-should-retry`). */
  retry?: boolean;
  headers?: string[];
  /** Where no answer is the answer: how the connection ends. */
  cut?: "close" | "reset";
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
  /** The connection ends instead, before the head too. */
  readonly cut: "close" | "reset" | undefined;

  constructor(message: string, details: Details) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.type = details.type ?? typeOf(details.status);
    this.retry = details.retry ?? false;
    // A copy: who refuses may add to it.
    this.headers = [...(details.headers ?? [])];
    this.cut = details.cut;
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

// At the door (behaviours D, J and K).

/** Where it is uncertain what the next bytes mean, nothing may be read from them. */
const closing = ["Connection", "close"];

export function badRequest(what: string): RelayError {
  return new RelayError(`${what} The relay forwards only well-formed HTTP/1.1 requests.`, {
    status: 400,
    code: "bad_request",
    headers: closing,
  });
}

export function hostNotAllowed(host: string): RelayError {
  const message = `The relay does not answer to the name "${tellable(host)}". Use a loopback address, or add the name to allowedHosts.`;
  return new RelayError(message, { status: 421, code: "host_not_allowed" });
}

export function originNotAllowed(origin: string): RelayError {
  const message = `Web pages of ${tellable(origin)} may not use this relay. Add the origin to allowedOrigins if they should.`;
  return new RelayError(message, { status: 403, code: "origin_not_allowed" });
}

/** Below /_relay/, where the inspector is. */
export function ownPageOnly(origin: string): RelayError {
  const message = `The inspector is for no other page: web pages of ${tellable(origin)} may not use it.`;
  return new RelayError(message, { status: 403, code: "origin_not_allowed" });
}

export function sessionMissing(): RelayError {
  const message = 'The inspector is open to nobody without a session. "relay open" prints a link.';
  return new RelayError(message, { status: 401, code: "session_missing" });
}

/** What the inspector was asked for makes no sense to it. */
export function badQuestion(what: string): RelayError {
  return new RelayError(what, { status: 400, code: "bad_request" });
}

export function unknownCall(id: string): RelayError {
  const message = `The journal has no call "${tellable(id)}" (any more).`;
  return new RelayError(message, { status: 404, code: "unknown_call" });
}

export function otherUser(uid: number): RelayError {
  const message = `Programs of other users of this machine (here: user ${uid}) may not use this relay. Set otherUsers to let all of them in, or tokens that they must show.`;
  return new RelayError(message, { status: 403, code: "other_user", headers: closing });
}

export function invalidToken(): RelayError {
  const message =
    "This relay wants one of its client tokens as the API key (Authorization: Bearer, api-key or x-relay-token).";
  return new RelayError(message, { status: 401, code: "invalid_relay_token" });
}

export function expiredToken(): RelayError {
  const message = 'This client token has expired. Ask for a new one ("relay token new" makes it).';
  return new RelayError(message, { status: 401, code: "invalid_relay_token" });
}

export function misplacedToken(): RelayError {
  const message =
    "This relay passes keys on as clients send them (auth: passthrough), and a client token must not travel. Send the token as x-relay-token.";
  return new RelayError(message, { status: 401, code: "invalid_relay_token" });
}

export function methodNotAllowed(method: string): RelayError {
  return new RelayError(`The relay does not serve ${method}.`, {
    status: 405,
    code: "method_not_allowed",
    headers: ["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY", ...closing],
  });
}

/** `message` names the rule, and what was asked. */
export function policyDenied(message: string): RelayError {
  return new RelayError(message, { status: 403, code: "policy_denied" });
}

/** `message` names the budget, and what is left of it. */
export function budgetExceeded(message: string): RelayError {
  return new RelayError(message, { status: 403, code: "budget_exceeded" });
}

/** Nobody can say what was spent, so nothing more is. */
export function budgetUnavailable(file: string, cause: unknown): RelayError {
  const message = `What was spent of the budgets cannot be read or written (${file}: ${(cause as Error).message}). Mend that file, or remove it, and all budgets begin anew.`;
  return new RelayError(message, { status: 503, code: "budget_unavailable", cause });
}

export function unknownPath(path: string): RelayError {
  const message = `${tellable(path)} is not one of the paths that this relay forwards (allowPaths) or serves itself (/_relay/, /_relay/health, /_relay/metrics).`;
  return new RelayError(message, { status: 404, code: "unknown_url" });
}

export function requestTimeout(what: string): RelayError {
  return new RelayError(`${what} did not arrive in time.`, {
    status: 408,
    code: "request_timeout",
    headers: closing,
  });
}

export function bodyTooLarge(limit: number): RelayError {
  const message = `The body is larger than ${limit} bytes, the relay's limits.body.`;
  return new RelayError(message, { status: 413, code: "body_too_large" });
}

export function uriTooLong(limit: number): RelayError {
  const message = `Path and query are longer than ${limit} bytes, the relay's limits.target.`;
  return new RelayError(message, { status: 414, code: "uri_too_long" });
}

export function unsupportedMediaType(type: string, accepted: readonly string[]): RelayError {
  const message = `Bodies of type "${tellable(type)}" are refused because validate is on. Send ${accepted.join(", ")} or a type that ends in +json.`;
  return new RelayError(message, { status: 415, code: "unsupported_media_type" });
}

export function unsupportedExpectation(value: string): RelayError {
  const message = `"Expect: ${tellable(value)}" cannot be met; only 100-continue can.`;
  return new RelayError(message, {
    status: 417,
    code: "unsupported_expectation",
    headers: closing,
  });
}

/** `rule`: the setting that asks what messages name, which in a WebSocket nobody reads. */
export function websocketDisabled(rule?: string): RelayError {
  const why = rule === undefined ? "" : ` because ${rule} is set`;
  return new RelayError(`WebSockets do not pass here${why}. Send the request over HTTP.`, {
    status: 426,
    code: "websocket_disabled",
    headers: ["Upgrade", "HTTP/1.1", ...closing],
  });
}

export function overloaded(limit: number): RelayError {
  const message = `The relay already has ${limit} requests in progress (limits.requests). Try again.`;
  return new RelayError(message, {
    status: 429,
    code: "relay_overloaded",
    retry: true,
    headers: ["Retry-After", "1"],
  });
}

/** The limit of the process, not of the settings. Nothing was sent: whoever repeats it later loses nothing. */
export function tooManyFiles(cause: unknown): RelayError {
  const message =
    "The relay has as many files and connections open as it may have. Raise that limit (ulimit -n) where it is started, or lower limits.connections.";
  return new RelayError(message, {
    status: 503,
    code: "relay_overloaded",
    retry: true,
    headers: ["Retry-After", "1"],
    cause,
  });
}

export function headersTooLarge(limit: number): RelayError {
  const message = `The headers are larger than ${limit} bytes, the relay's limits.headers.`;
  return new RelayError(message, { status: 431, code: "headers_too_large", headers: closing });
}

export function relayBug(cause: unknown): RelayError {
  const message = "The relay failed on this request. This is a bug in it; its log says more.";
  return new RelayError(message, { status: 500, code: "relay_error", cause });
}

export function unsupportedTransferEncoding(value: string): RelayError {
  const message = `"Transfer-Encoding: ${tellable(value)}" is not supported; only chunked is.`;
  return new RelayError(message, {
    status: 501,
    code: "unsupported_transfer_encoding",
    headers: closing,
  });
}

export function draining(): RelayError {
  return new RelayError("The relay is stopping. Try again once it is back.", {
    status: 503,
    code: "draining",
    retry: true,
    headers: ["Retry-After", "1"],
  });
}

// From a tape.

/** `nearest` says what the tape has instead. */
export function tapeMiss(method: string, path: string, nearest: string): RelayError {
  const message = `${method} ${tellable(path)} is not on the tape. ${nearest}\nRecord it (--tape), or let a rule of "match" take it for the same.`;
  return new RelayError(message, { status: 400, code: "tape_miss" });
}

/** A recorded answer that ended early, or a conversation that went another way. */
export function tapeEnds(message: string, cause?: unknown): RelayError {
  return new RelayError(message, { status: 502, code: "upstream_reset", cause });
}

// On purpose.

/** `problem` says what is wrong with the value, and where. */
export function badFault(problem: string): RelayError {
  const message = `The header x-relay-fault names no fault that can be done: ${problem} Say it as in --fault, without "@" and conditions.`;
  return new RelayError(message, { status: 400, code: "bad_request" });
}

/** A fault that breaks off, as upstream would. */
export function brokenOnPurpose(fault: string, cut: "close" | "reset"): RelayError {
  const message = `The fault "${fault}" broke the connection off.`;
  return new RelayError(message, { status: 502, code: "upstream_reset", cut });
}

// On the way to OpenAI.

export function keyMissing(why: string): RelayError {
  return new RelayError(why, { status: 401, code: "key_missing" });
}

/** No connection could be used, or it broke. */
export function upstreamFailed(code: UpstreamCode, message: string, cause: unknown): RelayError {
  return new RelayError(message, { status: 502, code, cause });
}

export type UpstreamCode =
  | "upstream_refused"
  | "upstream_reset"
  | "upstream_dns"
  | "upstream_tls"
  | "upstream_bad_response";

/** `setting` is the timeout that fired, such as `timeouts.head`. */
export function upstreamTimeout(setting: string, cause?: unknown): RelayError {
  const message = `OpenAI was not fast enough for ${setting}. Raise that setting if the call may take longer.`;
  return new RelayError(message, { status: 504, code: "upstream_timeout", cause });
}

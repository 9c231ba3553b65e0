import { STATUS_CODES } from "node:http";
import type { Fault } from "../config/fault-catalogue.ts";
import type { HeaderList } from "../exchange.ts";

/** An answer that comes instead of the real one. */
export type Made = { status: number; reason: string; headers: HeaderList; body: Buffer };

type Refusal = readonly [message: string, type: string, code: string | null];

const refusals: Record<number, Refusal> = {
  400: ["This request is invalid on purpose.", "invalid_request_error", "invalid_value"],
  401: ["Incorrect API key provided, on purpose.", "invalid_request_error", "invalid_api_key"],
  403: ["You may not do this, on purpose.", "invalid_request_error", "permission_denied"],
  404: ["This does not exist, on purpose.", "invalid_request_error", "not_found"],
  408: ["The request took too long, on purpose.", "server_error", "request_timeout"],
  409: ["Another request has the lock, on purpose.", "invalid_request_error", "conflict"],
  500: ["The server had an error, on purpose.", "server_error", null],
  503: ["The engine is overloaded, on purpose.", "server_error", "overloaded"],
};

/** The answer of a fault that gives one itself; `undefined` for the others. */
export function answerOf(fault: Fault, model = "gpt-5"): Made | undefined {
  switch (fault.name) {
    case "rate-limit": {
      const { form, "retry-after": waitMs } = fault.args;
      const wait = toText(waitMs);
      const message = `Rate limit reached for ${model} on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in ${wait}.`;
      const headers = [...limits(wait), ...waiting(waitMs, form)];
      return refused(429, [message, "requests", "rate_limit_exceeded"], headers);
    }
    case "quota": {
      const message =
        "You exceeded your current quota. Please check your plan and billing details.";
      return refused(
        429,
        [message, "insufficient_quota", "insufficient_quota"],
        advice({ ...fault.args, "retry-after": 0 }),
      );
    }
    case "502":
    case "504":
      return made(Number(fault.name), page(Number(fault.name)), "text/html", advice(fault.args));
    case "400":
    case "401":
    case "403":
    case "404":
    case "408":
    case "409":
    case "500":
    case "503":
      return refused(Number(fault.name), refusals[Number(fault.name)]!, advice(fault.args));
    default:
      return undefined;
  }
}

type Advice = { "retry-after": number; "should-retry": string };

function advice({ "retry-after": waitMs, "should-retry": retry }: Advice): HeaderList {
  return [
    ...(waitMs > 0 ? waiting(waitMs, "both") : []),
    ...(retry === "unsaid" ? [] : ["x-should-retry", retry]),
  ];
}

/** `Retry-After` knows whole seconds only (RFC 9110 section 10.2.3). */
function waiting(ms: number, form: string): HeaderList {
  if (!Number.isFinite(ms)) return [];
  const date = new Date(Date.now() + ms + 999).toUTCString();
  const forms: Record<string, HeaderList> = {
    seconds: ["retry-after", String(Math.ceil(ms / 1000))],
    ms: ["retry-after-ms", String(Math.ceil(ms))],
    date: ["retry-after", date],
    none: [],
  };
  return form === "both" ? [...forms.seconds!, ...forms.ms!] : forms[form]!;
}

function limits(wait: string): HeaderList {
  return [
    ...["x-ratelimit-limit-requests", "500", "x-ratelimit-remaining-requests", "0"],
    ...["x-ratelimit-reset-requests", wait, "x-ratelimit-limit-tokens", "200000"],
    ...["x-ratelimit-remaining-tokens", "199000", "x-ratelimit-reset-tokens", "300ms"],
  ];
}

function refused(status: number, [message, type, code]: Refusal, headers: HeaderList): Made {
  const error = { message, type, param: null, code };
  return made(status, JSON.stringify({ error }), "application/json", headers);
}

function made(status: number, text: string, type: string, headers: HeaderList): Made {
  const body = Buffer.from(text);
  const own = ["date", new Date().toUTCString(), "content-type", type];
  const length = ["content-length", String(body.length)];
  return {
    status,
    reason: STATUS_CODES[status] ?? "",
    headers: [...own, ...length, ...headers],
    body,
  };
}

function page(status: number): string {
  const title = `${status} ${STATUS_CODES[status]}`;
  return `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
}

function toText(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}

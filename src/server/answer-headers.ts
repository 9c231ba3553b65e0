import type { HeaderList } from "../exchange.ts";
import { headerOf, without } from "../header-list.ts";

/** The value of Content-Length; -1 when there is none. */
export function contentLengthOf(headers: HeaderList): number {
  return Number(headerOf(headers, "content-length") ?? -1);
}

/** Lets the pages of one origin read the answer, whatever upstream says about others. */
export function withCors(headers: HeaderList, origin: string): HeaderList {
  const own = without(headers, /^access-control-/i);
  own.push("Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", "*");
  own.push("Vary", "Origin");
  return own;
}

/** Lets a page run no script, and be of no origin (CSP3 section 6.3.2): nobody knows whose it is. */
export const sandbox: HeaderList = ["Content-Security-Policy", "sandbox"];

/** Tells nginx and its like not to hold back an event stream. */
export function withAntiBuffering(headers: HeaderList): HeaderList {
  const isStream = headers.some(
    (value, i) =>
      i % 2 === 1 && /^text\/event-stream/i.test(value) && /^content-type$/i.test(headers[i - 1]!),
  );
  return isStream ? [...headers, "X-Accel-Buffering", "no"] : headers;
}

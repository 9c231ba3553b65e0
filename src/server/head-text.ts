import { STATUS_CODES } from "node:http";
import type { RelayError } from "../errors.ts";
import type { HeaderList } from "../exchange.ts";
import { toHeaderLines } from "../header-list.ts";

/** A head as text, for where node:http has no object for it or would change it (RFC 9112 section 2.1). */
export function toHeadText(startLine: string, headers: HeaderList): string {
  return `${startLine}\r\n${toHeaderLines(headers)}\r\n`;
}

/** One of the relay's own refusals as an answer. */
export function toRefusal(error: RelayError): {
  reason: string;
  headers: HeaderList;
  body: Buffer;
} {
  const body = Buffer.from(JSON.stringify(error));
  const headers = [
    ...["Content-Type", "application/json", "Content-Length", String(body.length)],
    ...["x-relay-error", error.code, "x-should-retry", String(error.retry)],
    ...error.headers,
  ];
  return { reason: STATUS_CODES[error.status] ?? error.code, headers, body };
}

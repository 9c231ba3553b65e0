import { STATUS_CODES } from "node:http";
import type { RelayError } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";
import { toRefusal } from "../server/head-text.ts";
import { pageHeaders } from "../server/page.ts";

/** A whole answer of the inspector's. */
export function answer(
  reply: Reply,
  status: number,
  type: string,
  content: string,
  headers: HeaderList = pageHeaders,
): void {
  const body = Buffer.from(content);
  const own = ["Content-Type", type, "Content-Length", String(body.length)];
  reply.head(status, STATUS_CODES[status]!, [...own, ...headers]);
  reply.data(body);
}

export function answerJson(reply: Reply, value: unknown, more: HeaderList = []): void {
  answer(reply, 200, "application/json", JSON.stringify(value), [...pageHeaders, ...more]);
}

/** One of the relay's own errors; never more than that it failed once something was sent. */
export function refuse(reply: Reply, error: RelayError): void {
  if (reply.started) {
    reply.fail(error);
    return;
  }
  const { reason, headers, body } = toRefusal(error);
  reply.head(error.status, reason, [...headers, ...pageHeaders]);
  reply.data(body);
}

/** Sends the browser elsewhere. */
export function redirect(reply: Reply, location: string, more: HeaderList): void {
  const own = ["Location", location, "Content-Length", "0"];
  reply.head(303, "See Other", [...own, ...pageHeaders, ...more]);
}

/** Resolves once more may be written, `false`: nobody reads any more. */
export function drained(reply: Reply): Promise<boolean> {
  if (reply.over) return Promise.resolve(false);
  return new Promise((resolve) => {
    reply.onDrain = () => resolve(true);
    reply.onGone = () => resolve(false);
  });
}

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { badRequest, headersTooLarge, type RelayError, requestTimeout } from "../errors.ts";
import { toHeadText, toRefusal } from "./head-text.ts";

/** Milliseconds that a client gets to read a refusal before its connection is cut. */
const linger = 1_000;

const refused = new WeakSet<Socket>();

/**
 * Answers with `error` where node:http has no response object, and closes the connection: after the
 * answer to the request before it, if there is one to come. `done` is called when the answer leaves,
 * unless it is for a request that was let in: that one has an outcome of its own.
 */
export function refuse(socket: Socket, error: RelayError, done: () => void): void {
  // The parser complains again about every byte that follows.
  if (refused.has(socket)) return;
  refused.add(socket);
  socket.on("error", () => {});
  inTurn(socket, error, done);
}

function inTurn(socket: Socket, error: RelayError, done: () => void): void {
  const pending = (socket as Socket & { _httpMessage?: ServerResponse })._httpMessage;
  if (pending?.req.complete) {
    pending.once("close", () => setImmediate(inTurn, socket, error, done));
    return;
  }
  // What is broken is the body of a request whose answer has begun.
  if (pending?.headersSent) socket.destroy();
  if (!socket.writable) return;
  socket.end(toText(error));
  if (!pending) done();
  // Closing over bytes that nobody reads would take the answer away again. Whoever has ended sends none,
  // and may be gone: over TLS the write would never come back.
  setTimeout(() => socket.destroy(), socket.readableEnded ? 0 : linger).unref();
}

/** What node:http found wrong, in the relay's words. */
export function toError({ code }: NodeJS.ErrnoException, headerLimit: number): RelayError {
  if (code === "HPE_HEADER_OVERFLOW") return headersTooLarge(headerLimit);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return requestTimeout("The head of the request");
  return badRequest("Malformed request.");
}

function toText(error: RelayError): string {
  const { reason, headers, body } = toRefusal(error);
  const date = ["Date", new Date().toUTCString()];
  const head = toHeadText(`HTTP/1.1 ${error.status} ${reason}`, [...date, ...headers]);
  return `${head}${body}`;
}

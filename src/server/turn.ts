import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RelayError } from "../errors.ts";

type Serve = (req: IncomingMessage, res: ServerResponse, refusal?: RelayError) => void;

/** Requests that a client may send ahead on one connection while an answer is due. */
const most = 256;

const ahead = new WeakMap<Socket, number>();

/**
 * Calls `serve` once all earlier requests of the connection are answered: they may depend on each other
 * (RFC 9112 section 9.3.2), and whoever sends a million of them ahead must not start a million.
 */
export function inTurn(
  serve: Serve,
  req: IncomingMessage,
  res: ServerResponse,
  refusal?: RelayError,
): void {
  const { socket } = req;
  // What was read ahead of a closing answer is still parsed, and must not be carried out.
  if (!socket.writable) return;
  // node:http gives a response its socket when its turn has come.
  if (res.socket) {
    serve(req, res, refusal);
    return;
  }
  const waiting = (ahead.get(socket) ?? 0) + 1;
  if (waiting > most) {
    socket.destroy();
    return;
  }
  ahead.set(socket, waiting);
  res.once("socket", () => {
    ahead.set(socket, ahead.get(socket)! - 1);
    serve(req, res, refusal);
  });
}

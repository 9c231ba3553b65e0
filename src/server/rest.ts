import type { IncomingMessage, ServerResponse } from "node:http";

/** Milliseconds for the rest of a body whose answer is out already. */
const restMs = 30_000;

/**
 * An answer may overtake the body: the rest is read away, so that no reset takes the answer back, but not
 * for ever. `idleMs` is the limit of uploads; 0: none.
 */
export function boundRest(req: IncomingMessage, res: ServerResponse, idleMs: number): void {
  res.once("close", () => {
    if (req.complete || req.destroyed) return;
    const ms = idleMs > 0 ? Math.min(idleMs, restMs) : restMs;
    // An open connection keeps the process alive by itself.
    const timer = setTimeout(() => req.socket.destroy(), ms).unref();
    req.once("close", () => clearTimeout(timer));
  });
}

import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { bodyTooLarge, requestTimeout } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { notePassed } from "./garbage.ts";

/** Bodies up to this many bytes are handed on whole when they came in one piece with the head. */
const collectable = 65_536;

export type BodyLimits = {
  /** Bytes; 0: any. */
  size: number;
  /** Milliseconds without a byte after which an upload is given up; 0: never. */
  idleMs: number;
};

/** Is told of each piece as it arrives. */
type Tell = ((piece: Buffer) => void) | undefined;

/**
 * Sets `exchange.body` and calls `ready`: at once when there is no body, as soon as this read of the
 * socket is over when there is one. Never waits for a byte that has not arrived.
 */
export function receiveBody(
  req: IncomingMessage,
  exchange: Exchange,
  limits: BodyLimits,
  tell: Tell,
  ready: () => void,
): void {
  const length = exchange.bodyLength;
  if (length === 0 || (length === undefined && !req.headers["transfer-encoding"])) {
    ready();
    return;
  }
  if (length === undefined || length > collectable) {
    exchange.body = new Upload(req, [], exchange, limits, tell);
    process.nextTick(() => {
      // Refused already where what came with the head is no proper body.
      if (req.socket.writable) ready();
    });
    return;
  }

  const pieces: Buffer[] = [];
  let decided = false;
  const gather = (piece: Buffer) => {
    exchange.bytesIn += piece.length;
    tell?.(piece);
    pieces.push(piece);
    if (exchange.bytesIn < length) return;
    decided = true;
    exchange.body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    ready();
  };
  req.on("data", gather);
  // Takes the stream out of its synchronous start, so that what the parser already holds comes now.
  req.read(0);
  process.nextTick(() => {
    if (decided) return;
    req.off("data", gather);
    req.pause();
    exchange.body = new Upload(req, pieces, exchange, limits, tell);
    ready();
  });
}

/**
 * A request body that is still arriving; it never ends before the client has sent all of it. Whoever
 * reads it may destroy it when it is no longer wanted: the rest is then read away, and the client's
 * connection lives on for the answer.
 */
class Upload extends Readable {
  #req: IncomingMessage;
  #idleMs: number;

  constructor(
    req: IncomingMessage,
    first: Buffer[],
    exchange: Exchange,
    limits: BodyLimits,
    tell: Tell,
  ) {
    // As objects: each goes on as the piece that it came as, and two at most wait here.
    super({ objectMode: true, highWaterMark: 2 });
    this.#req = req;
    this.#idleMs = limits.idleMs;
    // It may fail when nobody reads it yet, or any more.
    this.on("error", () => {});
    for (const piece of first) this.push(piece);

    req.on("data", (piece: Buffer) => {
      if (this.destroyed) return;
      exchange.bytesIn += piece.length;
      notePassed(piece.length);
      tell?.(piece);
      if (limits.size > 0 && exchange.bytesIn > limits.size) {
        this.destroy(bodyTooLarge(limits.size));
      } else if (!this.push(piece)) req.pause();
    });
    req.on("end", () => {
      if (this.destroyed) return;
      req.socket.setTimeout(0);
      this.push(null);
    });
    if (limits.idleMs > 0) req.setTimeout(limits.idleMs, () => this.#stalled());
  }

  #stalled(): void {
    // A client that is held back because upstream reads slowly is not late.
    if (this.#req.isPaused()) {
      // The timer runs only once.
      this.#req.socket.setTimeout(this.#idleMs);
      return;
    }
    if (this.destroyed) this.#req.destroy();
    else this.destroy(requestTimeout("The rest of the body"));
  }

  override _read(): void {
    // The client's time begins anew: what went by was upstream's.
    if (this.#idleMs > 0 && this.#req.isPaused()) this.#req.socket.setTimeout(this.#idleMs);
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#req.resume();
    done(error);
  }
}

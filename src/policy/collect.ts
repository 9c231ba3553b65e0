import { Readable } from "node:stream";
import type { Exchange } from "../exchange.ts";
import { Unreadable } from "./unreadable.ts";

/**
 * Waits for a whole body and puts it back as it was: a chunked one in the same pieces, so that it goes up
 * chunked, and one of known length in one. Rejects with whatever broke the upload.
 */
export async function collect(exchange: Exchange, most: number): Promise<Buffer> {
  const { body, bodyLength = 0 } = exchange;
  if (body === null) return Buffer.alloc(0);
  if (Math.max(bodyLength, Buffer.isBuffer(body) ? body.length : 0) > most) throw tooLarge(most);
  if (Buffer.isBuffer(body)) return body;

  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > most) throw tooLarge(most);
    pieces.push(piece);
  }
  const whole = Buffer.concat(pieces);
  exchange.body = exchange.bodyLength === undefined ? Readable.from(pieces) : whole;
  return whole;
}

function tooLarge(most: number): Unreadable {
  return new Unreadable(`it is larger than ${most} bytes (limits.body sets how much is read)`);
}

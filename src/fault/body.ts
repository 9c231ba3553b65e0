import { createHash } from "node:crypto";
import { pipeline, Transform } from "node:stream";
import { finished } from "node:stream/promises";
import type { Exchange } from "../exchange.ts";

/** Lets the body of a request pass as it is, and returns what says its digest. */
export function digesting(exchange: Exchange): () => string {
  const { body } = exchange;
  const hash = createHash("sha256");
  if (Buffer.isBuffer(body)) hash.update(body);
  else if (body !== null) {
    const passing = new Transform({
      // As objects: pieces stay apart, and nobody takes their number for a length.
      objectMode: true,
      highWaterMark: 2,
      transform(piece: Buffer, _encoding, done) {
        hash.update(piece);
        done(null, piece);
      },
    });
    // It may fail when nobody reads it yet, or any more.
    pipeline(body, passing, () => {});
    exchange.body = passing;
  }
  return () => hash.copy().digest("hex");
}

/** Reads a body to its end, as servers do before they answer. Rejects with what broke it. */
export async function readAway({ body }: Exchange): Promise<void> {
  if (body === null || Buffer.isBuffer(body)) return;
  body.resume();
  await finished(body, { writable: false });
}

import { createHash } from "node:crypto";
import { pipeline, Transform } from "node:stream";
import { finished } from "node:stream/promises";
import type { Exchange } from "../exchange.ts";

/** Bytes of a body that is looked at as JSON; of a larger one, every byte counts as it is. */
const readable = 4 * 1024 ** 2;

/** Lets the body of a request pass as it is, and returns what says its digest. */
export function digesting(exchange: Exchange): () => string {
  const { body } = exchange;
  const digest = new Digest();
  if (Buffer.isBuffer(body)) digest.add(body);
  else if (body !== null) {
    const passing = new Transform({
      // As objects: pieces stay apart, and nobody takes their number for a length.
      objectMode: true,
      highWaterMark: 2,
      transform(piece: Buffer, _encoding, done) {
        digest.add(piece);
        done(null, piece);
      },
    });
    // It may fail when nobody reads it yet, or any more.
    pipeline(body, passing, () => {});
    exchange.body = passing;
  }
  return () => digest.toString();
}

/** Reads a body to its end, as servers do before they answer. Rejects with what broke it. */
export async function readAway({ body }: Exchange): Promise<void> {
  if (body === null || Buffer.isBuffer(body)) return;
  body.resume();
  await finished(body, { writable: false });
}

/** The same for JSON that differs in the order of its names alone: Codex writes it anew for each attempt. */
class Digest {
  #hash = createHash("sha256");
  #pieces: Buffer[] = [];
  #size = 0;

  add(piece: Buffer): void {
    this.#hash.update(piece);
    this.#size += piece.length;
    if (this.#size <= readable) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  toString(): string {
    try {
      const json: unknown = JSON.parse(Buffer.concat(this.#pieces).toString());
      return createHash("sha256").update(JSON.stringify(json, sorted)).digest("hex");
    } catch {
      return this.#hash.copy().digest("hex");
    }
  }
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

import { MalformedAnswer } from "./answer-head.ts";

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const SPACE = 0x20;

/** What comes next in a chunked body (RFC 9112 section 7.1). */
type Part = "size" | "extension" | "size end" | "data" | "data end CR" | "data end LF" | "trailers";

/** Takes the chunked coding off, a read of the socket at a time. */
export class Chunks {
  #part: Part = "size";
  /** Of the chunk: what its size line says so far, then what is still to come of it. */
  #left = 0;
  #digits = 0;
  #extension = 0;
  /** What one read brought of the body. */
  start = 0;
  end = 0;

  /**
   * Reads on at `from`; returns where the trailer section begins, -1 while chunks are still to come. The data of all
   * chunks in `bytes` is then in one piece, from `start` to `end`: moved there within `bytes`, which is
   * cheaper than a slice a chunk.
   */
  read(bytes: Buffer, from: number, limit: number): number {
    this.start = this.end = from;
    let at = from;
    while (at < bytes.length) {
      if (this.#part === "data") {
        at = this.#take(bytes, at);
        continue;
      }
      const byte = bytes[at++]!;
      switch (this.#part) {
        case "size":
          this.#size(byte);
          break;
        case "extension":
          if (byte === CR) this.#part = "size end";
          else if (byte < SPACE || ++this.#extension > limit)
            throw new MalformedAnswer("a malformed chunk");
          break;
        case "size end":
          if (byte !== LF) throw new MalformedAnswer("a malformed chunk");
          this.#digits = this.#extension = 0;
          if (this.#left === 0) {
            this.#part = "trailers";
            return at;
          }
          this.#part = "data";
          break;
        case "data end CR":
          if (byte !== CR) throw new MalformedAnswer("a chunk of another size");
          this.#part = "data end LF";
          break;
        case "data end LF":
          if (byte !== LF) throw new MalformedAnswer("a chunk of another size");
          this.#part = "size";
      }
    }
    return -1;
  }

  #size(byte: number): void {
    const digit = hexadecimal(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      // 13 digits: what a number holds exactly.
      if (++this.#digits > 13) throw new MalformedAnswer("a chunk that is too large");
      return;
    }
    if (this.#digits === 0) throw new MalformedAnswer("a chunk without a size");
    if (byte === CR) this.#part = "size end";
    else if (byte === SEMICOLON) this.#part = "extension";
    else throw new MalformedAnswer("a malformed chunk");
  }

  #take(bytes: Buffer, at: number): number {
    const length = Math.min(this.#left, bytes.length - at);
    if (this.start === this.end) this.start = this.end = at;
    else if (this.end !== at) bytes.copyWithin(this.end, at, at + length);
    this.end += length;
    this.#left -= length;
    if (this.#left === 0) this.#part = "data end CR";
    return at + length;
  }
}

function hexadecimal(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

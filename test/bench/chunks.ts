/** Takes the chunked framing off a body, however the pieces fall (RFC 9112 section 7.1). */
export class Chunks {
  /** Bytes of body so far. */
  bytes = 0;
  ended = false;
  #size = 0;
  /** Bytes of the chunk, its final CRLF included, still to come; 0: a size line is next. */
  #left = 0;

  add(piece: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, to - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const byte = piece[at++]!;
      if (byte === 10) this.#begin();
      else if (byte !== 13) this.#size = this.#size * 16 + digit(byte);
    }
  }

  #begin(): void {
    if (this.#size === 0) this.ended = true;
    this.bytes += this.#size;
    this.#left = this.#size + 2;
    this.#size = 0;
  }
}

function digit(byte: number): number {
  return byte < 58 ? byte - 48 : (byte | 32) - 87;
}

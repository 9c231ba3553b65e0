/** What stands between two blank lines of an event stream, the second one included. */
export type Block = {
  bytes: Buffer;
  /** Which event it is, from one; 0: it is a comment. */
  number: number;
};

const [lf, cr, colon] = [0x0a, 0x0d, 0x3a];

/**
 * Cuts an event stream into its events (WHATWG HTML section 9.2.6). Lines end in LF or CR LF: nobody sends
 * the third form.
 */
export class EventCutter {
  #count = 0;
  #held: Buffer[] = [];
  #line: "empty" | "comment" | "field" = "empty";
  #hasField = false;

  /** The blocks that are whole with `chunk`; what is left over waits for more. */
  *write(chunk: Buffer): Generator<Block> {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      if (!this.#endsBlock(chunk[i]!)) continue;
      this.#held.push(chunk.subarray(start, i + 1));
      start = i + 1;
      const number = this.#hasField ? ++this.#count : 0;
      this.#hasField = false;
      yield { bytes: this.rest(), number };
    }
    if (start < chunk.length) this.#held.push(chunk.subarray(start));
  }

  /** What came after the last block. */
  rest(): Buffer {
    return Buffer.concat(this.#held.splice(0));
  }

  #endsBlock(byte: number): boolean {
    if (byte === cr) return false;
    if (byte === lf) {
      const isBlank = this.#line === "empty";
      this.#line = "empty";
      return isBlank;
    }
    if (this.#line === "empty") this.#line = byte === colon ? "comment" : "field";
    this.#hasField ||= this.#line === "field";
    return false;
  }
}

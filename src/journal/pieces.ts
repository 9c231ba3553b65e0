/** Whose bytes: a body's, a side's of a WebSocket, or the end of a request's body whose middle is left out. */
export const sides = { asked: 0, answered: 1, askedEnd: 2 } as const;
export type PieceSide = (typeof sides)[keyof typeof sides];

/** Bytes of a request, at its beginning and at its end, in which its model is looked for. */
export const modelReach = 16_384;

/** Bytes of many calls as they are sent to the thread. */
export type Pieces = {
  /** Of each piece: the call's number, its side, when it came (ms of the call), its length. */
  marks: number[];
  bytes: ArrayBuffer;
};

const smallest = 16_384;

/** Gathers pieces in one buffer that can be given away as it is. */
export class PieceBox {
  #marks: number[] = [];
  #bytes = new Uint8Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(call: number, side: PieceSide, at: number, piece: Uint8Array): void {
    const end = this.#size + piece.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(piece, this.#size);
    this.#size = end;
    this.#marks.push(call, side, at, piece.length);
  }

  /** What is in it; it is empty then. */
  take(): Pieces {
    const pieces = { marks: this.#marks, bytes: this.#bytes.buffer };
    this.#marks = [];
    this.#bytes = new Uint8Array(0);
    this.#size = 0;
    return pieces;
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(smallest, 2 ** Math.ceil(Math.log2(least))));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}

/** Hands out the pieces; their bytes are parts of one buffer. */
export function eachPiece(
  { marks, bytes }: Pieces,
  hear: (call: number, side: PieceSide, at: number, bytes: Buffer) => void,
): void {
  let offset = 0;
  for (let i = 0; i < marks.length; i += 4) {
    const length = marks[i + 3]!;
    const piece = Buffer.from(bytes, offset, length);
    hear(marks[i]!, marks[i + 1] as PieceSide, marks[i + 2]!, piece);
    offset += length;
  }
}

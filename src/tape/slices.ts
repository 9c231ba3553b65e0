import { reach, type Scrub } from "./scrub.ts";

/** Bytes of an answer as they came in one piece; `at` in milliseconds. */
export type Piece = { at: number; turn: number; bytes: Buffer };

/**
 * Pieces of an answer on their way to the tape, without what is crossed out in them, wherever one ends and
 * the next begins.
 */
export class Slices {
  #scrub: Scrub;
  #waiting: Piece[] = [];

  constructor(scrub: Scrub) {
    this.#scrub = scrub;
  }

  add(piece: Piece): void {
    this.#waiting.push(piece);
  }

  clear(): void {
    this.#waiting = [];
  }

  /** What can be written: all, or all but what a secret may still reach into. */
  take(isEnd: boolean): Piece[] {
    const whole = this.#clean();
    let held = 0;
    let count = whole.length;
    if (!isEnd) while (count > 0 && held < reach) held += whole[--count]!.bytes.length;
    this.#waiting = whole.slice(count);
    return whole.slice(0, count);
  }

  /** One piece for each turn, crossed out together. */
  #clean(): Piece[] {
    const bytes = Buffer.concat(this.#waiting.map((piece) => piece.bytes));
    const text = bytes.toString("latin1");
    const clean = this.#scrub(text);
    const source = clean === text ? bytes : Buffer.from(clean, "latin1");
    let at = 0;
    return byTurn(this.#waiting).map((group) => {
      const length = group.reduce((sum, one) => sum + one.bytes.length, 0);
      at += length;
      return { ...group[0]!, bytes: source.subarray(at - length, at) };
    });
  }
}

function byTurn(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = [];
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group && group[0]!.turn === piece.turn) group.push(piece);
    else groups.push([piece]);
  }
  return groups;
}

import { reach, type Scrub } from "../scrub.ts";

/** Bytes of an answer as they came in one piece; `at` in milliseconds. */
export type Piece = { at: number; turn: number; bytes: Buffer };

/** Bytes that are looked through before anything else has its turn. */
const portion = 262_144;

/**
 * Pieces of an answer on their way to the tape, without what is crossed out in them, wherever one ends and
 * the next begins.
 */
export class Slices {
  #scrub: Scrub;
  #waiting: Piece[] = [];
  #isBehind = false;

  constructor(scrub: Scrub) {
    this.#scrub = scrub;
  }

  add(piece: Piece): void {
    this.#waiting.push(piece);
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Whether more can be taken, though nothing was added. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** What can be written next; `isEnd`: nothing follows into which a secret may reach. */
  take(isEnd: boolean, most = portion): Piece[] {
    const first = this.#waiting.slice(0, this.#within(most));
    const rest = this.#waiting.slice(first.length);
    const clean = this.#clean(first);
    let held = 0;
    let count = clean.length;
    if (!isEnd || rest.length > 0)
      while (count > 0 && held < reach) held += clean[--count]!.bytes.length;
    this.#waiting = [...clean.slice(count), ...rest];
    // One that is longer than a portion is only let go with what follows it.
    if (count === 0 && rest.length > 0) return this.take(isEnd, Number.POSITIVE_INFINITY);
    this.#isBehind = rest.length > 0;
    return clean.slice(0, count);
  }

  /** How many pieces make up so many bytes, beside the first and whole turns. */
  #within(most: number): number {
    const all = this.#waiting;
    let size = 0;
    let count = 1;
    while (count < all.length && (size < most || all[count]!.turn === all[count - 1]!.turn))
      size += all[count++]!.bytes.length;
    return count;
  }

  /** One piece for each turn, crossed out together. */
  #clean(pieces: readonly Piece[]): Piece[] {
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    const text = bytes.toString("latin1");
    const clean = this.#scrub(text);
    const source = clean === text ? bytes : Buffer.from(clean, "latin1");
    let at = 0;
    return byTurn(pieces).map((group) => {
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

import { reach, type Scrub } from "../scrub.ts";
import type { Slice } from "./call.ts";

/** What secrets are made of, and what stands directly before them. */
const partOfSecret = /[\w.~+/=%&?"':\\-]/;

/** Crosses secrets out of slices, wherever one ends and the next begins. */
export class Cleaner {
  #scrub: Scrub;
  #held: Slice[] = [];

  constructor(scrub: Scrub) {
    this.#scrub = scrub;
  }

  /** What can be written. What ends in the midst of a word waits for the next slice. */
  add(slice: Slice): Slice[] {
    const slices = this.#clean([...this.#held, slice]);
    const { bytes } = slices.at(-1)!;
    let left = beginningAtEnd(bytes);
    let ready = slices.length;
    while (left > 0 && ready > 0) left -= slices[--ready]!.bytes.length;
    // Copies: each is a small part of a large piece of memory.
    this.#held = slices.slice(ready).map((held) => ({ ...held, bytes: Buffer.from(held.bytes) }));
    return slices.slice(0, ready);
  }

  /** The rest: nothing follows. */
  end(): Slice[] {
    const rest = this.#held;
    this.#held = [];
    return rest;
  }

  #clean(slices: Slice[]): Slice[] {
    const bytes = Buffer.concat(slices.map((slice) => slice.bytes));
    const text = bytes.toString("latin1");
    const clean = this.#scrub(text);
    if (clean === text) return slices;
    const source = Buffer.from(clean, "latin1");
    let at = 0;
    return slices.map((slice) => {
      at += slice.bytes.length;
      return { ...slice, bytes: source.subarray(at - slice.bytes.length, at) };
    });
  }
}

/** Bytes at the end with which a secret may begin that goes on in the next slice. */
function beginningAtEnd(bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .subarray(-reach)
    .toString("latin1");
  let from = text.length;
  while (from > 0 && partOfSecret.test(text[from - 1]!)) from--;
  const before = /bearer +$/i.exec(text.slice(Math.max(0, from - 16), from));
  return text.length - from + (before?.[0].length ?? 0);
}

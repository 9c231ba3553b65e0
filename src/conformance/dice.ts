/** Chance that can be repeated: the same seed throws the same numbers (mulberry32). */
export type Dice = {
  /** A whole number from 0 up to, but not including, `end`. */
  below(end: number): number;
  between(low: number, high: number): number;
  /** True once in `times`. */
  once(times: number): boolean;
  pick<T>(list: readonly T[]): T;
  some<T>(list: readonly T[]): T[];
  bytes(length: number): Buffer;
};

export function createDice(seed: number): Dice {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  const below = (end: number) => next() % end;
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    once: (times) => below(times) === 0,
    pick: (list) => list[below(list.length)]!,
    some: (list) => list.filter(() => below(2) === 0),
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}

/** A seed of its own for each name, so that one case can be run again without the others. */
export function seedOf(seed: number, name: string): number {
  let hash = seed | 0;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}

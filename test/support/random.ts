/** Numbers that look drawn by lot, and are the same each time. */
export type Random = {
  /** A whole number from 0, below `limit`. */
  below(limit: number): number;
  one<T>(of: readonly T[]): T;
};

/** The generator mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed * 0x9e3779b9;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  return { below, one: (of) => of[below(of.length)]! };
}

import type { Running } from "./snapshot.ts";

/** What running calls can be sorted by; the most of it comes first. */
const sorts = {
  age: ({ ageMs }: Running) => ageMs,
  silence: ({ silentMs, ageMs, call }: Running) =>
    silentMs ?? (call.times.head === undefined ? ageMs : 0),
  first: ({ call, ageMs }: Running) => call.times.firstSlice ?? ageMs,
  rate: ({ bytesPerSecond = 0 }: Running) => bytesPerSecond,
  bytes: ({ call }: Running) => call.bytesOut,
};

export type Sort = keyof typeof sorts;

export const sortNames = Object.keys(sorts) as Sort[];

export function sorted(running: readonly Running[], by: Sort): Running[] {
  const measure = sorts[by];
  return running.toSorted((a, b) => measure(b) - measure(a) || a.call.seq - b.call.seq);
}

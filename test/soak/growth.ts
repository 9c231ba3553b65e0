import type { Holdings } from "./relay.ts";
import { lineThrough } from "./slope.ts";

/** What is held between two rounds, after so many calls. */
export type Rest = Holdings & { calls: number };

/** Bytes a call that are too many, beyond twice the error; a socket that is lost has thousands. */
const bounds = { heapMiB: 4, rssMiB: 2_048 };

/** Settled rests that it takes to tell growth from chance. */
const enough = 4;

/** How memory grew, in words, and whether that is a fault. */
export function growthOf(rests: readonly Rest[]): { text: string; isFault: boolean }[] {
  // In the first half memory rises to what the load needs at its worst moments, and does not come back.
  const settled = rests.slice(Math.floor(rests.length / 2));
  if (settled.length < enough)
    return [
      { text: `too short to tell whether memory grows: ${rests.length} rests`, isFault: true },
    ];
  return (["heapMiB", "rssMiB"] as const).map((what) => {
    const points = settled.map((rest) => ({ x: rest.calls, y: rest[what] * 2 ** 20 }));
    const { slope, error } = lineThrough(points);
    const growth = `${slope.toFixed(1)} ± ${(2 * error).toFixed(1)} bytes a call`;
    const text = `${what} grows by ${growth} (${settled.length} rests, bound ${bounds[what]})`;
    return { text, isFault: slope - 2 * error > bounds[what] };
  });
}

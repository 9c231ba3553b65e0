import { median } from "./stats.ts";
import type { Sample, Work } from "./work.ts";

/** One figure of every target. */
export type Row = {
  figure: string;
  /** What counts, by target. */
  values: Record<string, number>;
  /** Targets that could have done more than they were asked for. */
  atLeast: string[];
  /** The relay's value divided by another's. */
  ratios: Record<string, number>;
  /** What each round gave, by target, nothing subtracted. */
  rounds: Record<string, number[]>;
  curve: Sample["curve"];
};

/** What one work found out: by target, the samples of its rounds. */
export type Found = Map<string, Sample[]>;

/** The rows of a work, in the order of its figures. */
export function toRows(found: Found, take: Work["take"]): Row[] {
  const figures = new Set([...found.values()].flat().map(({ figure }) => figure));
  return [...figures].map((figure) => toRow(figure, found, take));
}

function toRow(figure: string, found: Found, take: Work["take"]): Row {
  const row: Row = { figure, values: {}, atLeast: [], ratios: {}, rounds: {}, curve: undefined };
  let isAdded = false;
  for (const [target, all] of found) {
    const samples = all.filter((sample) => sample.figure === figure);
    row.curve ??= samples[0]?.curve;
    const values = samples.flatMap(({ value }) => (Number.isFinite(value) ? [value!] : []));
    if (values.length === 0) continue;
    row.rounds[target] = values;
    row.values[target] = take === "least" ? Math.min(...values) : median(values)!;
    if (samples.some(({ atLeast }) => atLeast)) row.atLeast.push(target);
    isAdded ||= samples.some(({ added }) => added);
  }
  if (isAdded) subtractDirect(row.values);
  const { relay, bare, nginx } = row.values;
  // What is added can be less than nothing, within noise.
  if (relay !== undefined && bare! > 0) row.ratios.bare = relay / bare!;
  if (relay !== undefined && nginx! > 0) row.ratios.nginx = relay / nginx!;
  return row;
}

function subtractDirect(values: Record<string, number>): void {
  const direct = values.direct ?? 0;
  delete values.direct;
  for (const target in values) values[target]! -= direct;
}

import type { Difference } from "./differences.ts";

/** Differences for people: what is missing with a minus, what came instead with a plus. */
export function report(differences: readonly Difference[]): string {
  return differences.map(toText).join("\n");
}

function toText({ where, expected, relayed }: Difference): string {
  const wanted = expected.split("\n");
  const came = relayed.split("\n");
  const missing = wanted.filter((line) => !came.includes(line)).map((line) => `  - ${line}`);
  const added = came.filter((line) => !wanted.includes(line)).map((line) => `  + ${line}`);
  const lines = [...missing, ...added];
  // The same lines in another order, or another number of times.
  if (lines.length === 0) lines.push(`  - ${wanted.join("\n    ")}`, `  + ${came.join("\n    ")}`);
  return [where, ...lines].join("\n");
}

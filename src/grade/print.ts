import type { GradeReport } from "./report.ts";

/** Columns of a rule's name and of its verdict. */
const [nameWidth, verdictWidth] = [10, 8];

/** The grades as lines for people, each with its line end. */
export function toText({ seed, faults, grades }: GradeReport): string {
  const struck = Object.entries(faults).map(([name, times]) => `${times} × ${name}`);
  const first = struck.length > 0 ? struck.join(", ") : "none struck";
  const lines = grades.map(({ rule, verdict, why }) => {
    const [worst = "", ...more] = why;
    const rest = more.length > 0 ? ` (and ${more.length} more)` : "";
    return `${rule.padEnd(nameWidth)} ${verdict.padEnd(verdictWidth)} ${worst}${rest}`;
  });
  return [`faults: ${first}; seed ${seed}`, ...lines].map((line) => `relay: ${line}\n`).join("");
}

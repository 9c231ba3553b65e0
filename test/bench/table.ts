import type { Row } from "./results.ts";

/** The rows for people: a column a target, then the relay divided by others. */
export function toTable(rows: Row[], targets: string[]): string {
  const others = ["bare", "nginx"].filter((name) => targets.includes(name));
  const lines = rows.map(({ figure, values, atLeast, ratios }) => [
    figure,
    ...targets.map((name) => (atLeast.includes(name) ? "≥ " : "") + toText(values[name])),
    ...others.map((name) => (ratios[name] === undefined ? "" : ratios[name].toFixed(2))),
  ]);
  const head = ["", ...targets, ...others.map((name) => `relay/${name}`)];
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i]!.length)));
  const toLine = (line: string[]) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ");
  return [head, ...lines].map(toLine).join("\n");
}

/** Three digits that matter. */
function toText(value: number | undefined): string {
  if (value === undefined) return "";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

import { catalogueRows } from "../../src/config/fault-catalogue.ts";
import type { GradeReport } from "../../src/grade/report.ts";
import { rules } from "../../src/grade/rules.ts";

/** What each client got for each fault; `undefined`: it was not tried. */
export type Results = {
  clients: string[];
  rows: [fault: string, reports: (GradeReport | undefined)[]][];
};

/** What can be broken, and what clients are graded by: the part of the page that is made from data alone. */
export function describeFaults(): string {
  const faults = catalogueRows().map(({ names: [, ...others], call, about }) => [
    [call, ...others].map(code).join(", "),
    about,
  ]);
  const all = rules.map(({ name, about, source }) => [code(name), `It ${about}.`, source]);
  return `## The faults

Written with all defaults; what is in parentheses may be left out, and the first argument needs no name.

${table([["Fault", "What happens"], ...faults])}
## The rules

${table([["Rule", "A client passes when", "Says who"], ...all])}`;
}

export function describeResults({ clients, rows }: Results): string {
  const cells = rows.map(([fault, reports]) => [code(fault), ...reports.map(toCell)]);
  return table([["Fault", ...clients], ...cells]);
}

/** What went wrong first. */
function toCell(report: GradeReport | undefined): string {
  if (!report) return "–";
  const signs = { failed: "✗", unknown: "?", passed: "✓" } as const;
  const parts = Object.entries(signs).flatMap(([verdict, sign]) => {
    const names = report.grades.filter((one) => one.verdict === verdict).map(({ rule }) => rule);
    return names.length > 0 ? [`${sign} ${names.join(" ")}`] : [];
  });
  return parts.join("; ") || "–";
}

function table([head, ...rows]: string[][]): string {
  const lines = [head!, head!.map(() => "---"), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`)
    .join("");
}

function code(text: string): string {
  return `\`${text}\``;
}

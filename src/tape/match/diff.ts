import { masked, printable } from "../../config/shown.ts";
import type { Difference } from "./differences.ts";

/** Characters of a value that are shown. */
const longest = 60;

/** Differences as lines for people: where, what the tape has, what was asked. */
export function toLines(differences: readonly Difference[]): string[] {
  return differences.map((difference) => {
    const { where, was, is } = toTexts(difference);
    if (is === undefined) return `${where}: ${was} on the tape, not in the request`;
    if (was === undefined) return `${where}: ${is} in the request, not on the tape`;
    return `${where}: ${was} on the tape, ${is} in the request`;
  });
}

/** The same for two recordings. */
export function toArrows(differences: readonly Difference[]): string[] {
  return differences.map((difference) => {
    const { where, was = "nothing", is = "nothing" } = toTexts(difference);
    return `${where}: ${was} → ${is}`;
  });
}

/** Short, without secrets and without what a terminal would obey. */
function toTexts({ where, recorded, asked }: Difference) {
  const [was, is] = excerpts(toText(recorded), toText(asked));
  return { where: excerpt(printable(masked(where)), 0), was, is };
}

function toText(value: unknown): string | undefined {
  return value === undefined ? undefined : printable(masked(JSON.stringify(value)));
}

/** Two texts, cut where they begin to differ. */
function excerpts(a: string | undefined, b: string | undefined): (string | undefined)[] {
  let start = 0;
  if (a !== undefined && b !== undefined)
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
  const isLong = (a ?? "").length > longest || (b ?? "").length > longest;
  const from = isLong ? Math.max(0, start - 20) : 0;
  return [a, b].map((text) => (text === undefined ? undefined : excerpt(text, from)));
}

function excerpt(text: string, from: number): string {
  const cut = text.slice(from, from + longest).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, "");
  return `${from > 0 ? "…" : ""}${cut}${text.length > from + longest ? "…" : ""}`;
}

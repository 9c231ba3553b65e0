import { masked, printable } from "../../config/shown.ts";
import type { Difference } from "../../differences.ts";

/** Characters of a value that are shown. */
const longest = 60;

/** Of them, in front of where a difference begins. */
const before = 20;

/** Characters on both sides in which secrets are looked for. */
const room = 1_000;

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
  const [was, is] = excerpts(toJson(recorded), toJson(asked));
  return { where: excerpt(safe(where.slice(0, room)), 0), was, is };
}

function toJson(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Two texts, cut where they begin to differ. */
function excerpts(a: string | undefined, b: string | undefined): (string | undefined)[] {
  // Only what is near is looked at: a body may be large.
  const from = Math.max(0, startOfDifference(a, b) - room);
  const [was, is] = [a, b].map((text) => text && safe(text.slice(from, from + 2 * room)));
  const isLong = from > 0 || (was ?? "").length > longest || (is ?? "").length > longest;
  const start = isLong ? Math.max(0, startOfDifference(was, is) - before) : 0;
  return [was, is].map((text) => {
    return text === undefined ? undefined : excerpt(text, start, from > 0);
  });
}

function startOfDifference(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return 0;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  return start;
}

function safe(text: string): string {
  return printable(masked(text));
}

function excerpt(text: string, from: number, isCut = false): string {
  const cut = text.slice(from, from + longest).replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, "");
  return `${from > 0 || isCut ? "…" : ""}${cut}${text.length > from + longest ? "…" : ""}`;
}

import { printable } from "../../config/shown.ts";
import type { Difference } from "./differences.ts";

/** Characters of a value that are shown. */
const longest = 60;

/** Differences as lines for people: where, what the tape has, what was asked. `scrub` takes secrets out. */
export function toLines(differences: readonly Difference[], scrub: (text: string) => string) {
  return differences.map(({ where, recorded, asked }) => {
    const [was, is] = excerpts(toText(recorded, scrub), toText(asked, scrub));
    const place = excerpt(printable(scrub(where)), 0);
    if (is === undefined) return `${place}: ${was} on the tape, not in the request`;
    if (was === undefined) return `${place}: ${is} in the request, not on the tape`;
    return `${place}: ${was} on the tape, ${is} in the request`;
  });
}

function toText(value: unknown, scrub: (text: string) => string): string | undefined {
  return value === undefined ? undefined : printable(scrub(JSON.stringify(value)));
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

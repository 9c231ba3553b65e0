import { printable } from "../config/shown.ts";
import type { StreamEvent } from "../story/events.ts";
import { cut } from "../terminal/columns.ts";
import { toSpan } from "../terminal/figures.ts";
import type { Page } from "./text.ts";

/** Events a line each: when, how long after the one before, who, and what. */
export function* eventLines(events: readonly StreamEvent[], page: Page): Generator<string> {
  const { width, paint } = page;
  let before = 0;
  for (const event of events) {
    const at = `${event.at.toFixed(1)} ms`.padStart(12);
    const since = `+${toSpan(event.at - before)}`.padStart(7);
    before = event.at;
    const what = printable(cutEarly(toText(event), width));
    const line = cut(what, width - 21);
    yield `${paint("dim", at + since)}  ${event.isCut ? paint("red", line) : line}`;
  }
}

/** Signs may become six: more than that need not be looked at. */
function cutEarly(text: string, width: number): string {
  return Number.isFinite(width) ? text.slice(0, width) : text;
}

function toText({ name, data, comment, type, side, raw, isCut }: StreamEvent): string {
  const sign = type === undefined ? "" : side === "asked" ? "→ " : "← ";
  const parts = [
    ...(isCut ? ["(cut off)"] : []),
    ...(type === "close" ? ["close"] : []),
    ...(name === undefined ? [] : [name]),
    ...(comment === undefined ? [] : [`: ${comment}`]),
    ...(raw ? [`${raw.length} bytes`] : []),
    ...(data === "" ? [] : [data]),
  ];
  return sign + parts.join("  ");
}

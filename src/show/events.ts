import { printable } from "../config/shown.ts";
import type { StreamEvent } from "../story/events.ts";
import { fieldsOf, objectsOf, parseJson, stringOf } from "../story/json.ts";
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
    const isTerminal = Number.isFinite(width);
    const text = toText(event, isTerminal ? gistOf(event) : event.data);
    const what = printable(isTerminal ? text.slice(0, width) : text);
    const line = cut(what, width - 21);
    yield `${paint("dim", at + since)}  ${event.isCut ? paint("red", line) : line}`;
  }
}

/** Of JSON the part that differs from event to event: a line has no room for more. */
function gistOf({ data, name }: StreamEvent): string {
  const fields = fieldsOf(parseJson(data));
  const [choice] = objectsOf(fields?.choices);
  if (choice) {
    const { delta, finish_reason: reason, ...rest } = choice;
    return JSON.stringify(reason ? { finish_reason: reason } : (delta ?? rest));
  }
  if (fields?.delta === undefined) return data;
  const type = name === undefined ? stringOf(fields.type) : undefined;
  return [...(type ? [type] : []), JSON.stringify(fields.delta)].join("  ");
}

function toText({ name, comment, type, side, raw, isCut }: StreamEvent, data: string): string {
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

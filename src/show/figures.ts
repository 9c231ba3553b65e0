import type { Call } from "../journal/call.ts";
import { toDollars } from "../terminal/figures.ts";

/** What a call used and cost, in a line; `""`: it counts nothing. */
export function toFigures(call: Call): string {
  const { usage, cost } = call;
  if (!usage) return "";
  const { state, input, cachedInput, output, reasoning, seconds } = usage;
  const parts = [
    count(input, "in", [[cachedInput, "cached"]]),
    count(output, "out", [[reasoning, "reasoning"]]),
    ...(seconds === undefined ? [] : [`${seconds} s of audio`]),
  ].filter((part) => part !== "");
  if (parts.length === 0) return `not known: ${whyUnknown(call)}`;
  const money = cost ? [`${cost.state === "unknown" ? "" : "$"}${toDollars(cost)}`] : [];
  return [...parts, ...money, ...(state === "partial" ? ["not all of it is known"] : [])].join(
    ", ",
  );
}

function whyUnknown({ ending, isStream, path }: Call): string {
  if (ending !== undefined && ending !== "complete") return "the answer was cut before it said so";
  const canBeAsked = isStream && path.endsWith("/chat/completions");
  return `the answer does not say${canBeAsked ? " (--include-usage makes it)" : ""}`;
}

function count(
  tokens: number | undefined,
  what: string,
  parts: [tokens: number | undefined, name: string][],
): string {
  if (tokens === undefined) return "";
  const inside = parts.flatMap(([part, name]) => (part ? [`${grouped(part)} ${name}`] : []));
  return `${grouped(tokens)} ${what}${inside.length > 0 ? ` (${inside.join(", ")})` : ""}`;
}

/** `1,234,567` */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

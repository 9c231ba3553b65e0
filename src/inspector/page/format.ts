import type { Call } from "../../journal/call.ts";
import type { Certainty, Cost } from "../../usage/usage.ts";

// How figures read; what is not known is said to be so, and is never a zero.

const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hour12: false });
const dayFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hour12: false,
});
const whole = new Intl.NumberFormat("en", { useGrouping: true });

export const toClock = (ms: number) => clockFormat.format(ms);
export const toDay = (ms: number) => dayFormat.format(ms);
export const toCount = (n: number) => whole.format(n);

export function toDuration(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

export function toBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function toCost({ state, nano }: Cost): string {
  if (state === "unknown") return "unknown";
  const dollars = nano / 1e9;
  if (nano > 0 && nano < 500) return `${atLeast(state)}< $0.000001`;
  const digits = dollars >= 1 ? 2 : dollars >= 0.01 ? 4 : 6;
  return `${atLeast(state)}$${dollars.toFixed(digits)}`;
}

/** Input and output: `1,204 → 310`. */
export function toTokens({ usage }: Call): string | undefined {
  if (!usage) return undefined;
  const { state, input, output } = usage;
  if (state === "unknown" || (input === undefined && output === undefined)) return "unknown";
  const part = (n: number | undefined) => (n === undefined ? "?" : toCount(n));
  // Embeddings have no output.
  if (state === "known" && output === undefined) return part(input);
  return `${atLeast(state)}${part(input)} → ${part(output)}`;
}

const atLeast = (state: Certainty) => (state === "partial" ? "≥ " : "");

/** How long a call took, or has taken so far. */
export function durationOf({ times, ending, startedAt }: Call, now: number): number | undefined {
  if (times.end !== undefined) return times.end;
  return ending === undefined ? Math.max(0, now - startedAt) : times.lastSlice;
}

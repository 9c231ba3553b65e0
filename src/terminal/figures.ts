import type { Cost } from "../usage/usage.ts";

// Figures for people, in as few characters as say enough.

/** Four characters or less, up to a day: `45ms`, `.82s`, `3.4s`, `12s`, `4m10`, `2h05`. */
export function toSpan(ms: number): string {
  if (ms < 99.5) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 995) return `${(ms / 1000).toFixed(2).slice(1)}s`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes}m`;
  return minutes < 600
    ? `${Math.floor(minutes / 60)}h${two(minutes % 60)}`
    : `${Math.round(minutes / 60)}h`;
}

/** Four characters or less: `340`, `1.2k`, `12k`, `3.4M`. */
export function toCount(count: number): string {
  if (count < 1_000) return String(Math.round(count));
  const units = ["k", "M", "G", "T"];
  let value = count / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

/**
 * Dollars in six characters or less, up to a thousand: `.0123`, `1.24`, `~1.24` where something is missing,
 * `?` where nothing is known: never a zero that is none.
 */
export function toDollars({ state, nano }: Cost): string {
  if (state === "unknown") return "?";
  const dollars = nano / 1e9;
  const sign = state === "partial" ? "~" : "";
  if (dollars === 0) return `${sign}0`;
  if (dollars < 0.0001) return `${sign || "<"}.0001`;
  if (dollars < 0.99995) return `${sign}${dollars.toFixed(4).slice(1)}`;
  return `${sign}${dollars < 999.995 ? dollars.toFixed(2) : Math.round(dollars)}`;
}

/** `12:04:31`, on the clock of the wall. */
export function toClock(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

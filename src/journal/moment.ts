import { UsageError } from "../config/error.ts";

const units: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** So long ago, or a moment; without a zone, in that of this machine. */
export function toMoment(text: string): number {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const at =
    count === undefined ? Date.parse(local(text)) : Date.now() - Number(count) * units[unit]!;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(`"${text}" is no time: say 15m, 2h or 7d for so long ago, or a date`);
}

/** A day alone would be taken for one of London. */
function local(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text;
}

import type { Setting } from "./kinds.ts";

/** A value as it may be printed: no secrets, nothing that a terminal would obey. */
export function shown(setting: Setting | undefined, value: unknown): string {
  return printable(JSON.stringify(redacted(setting, value)) ?? String(value));
}

/** Aliases make a YAML file of a few lines larger than any memory, or without an end. */
const deepest = 16;
const most = 10_000;

/** A value without its secrets. */
export function redacted(
  setting: Setting | undefined,
  value: unknown,
  depth = 0,
  room = { left: most },
): unknown {
  if (depth > deepest || room.left-- <= 0) return "…";
  const inside = (part: unknown) => redacted(setting, part, depth + 1, room);
  if (Array.isArray(value)) return value.map(inside);
  if (setting?.secret) return "(hidden)";
  if (typeof value === "string") return masked(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inside(part)]));
}

/** A text with its control and formatting characters made visible. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => {
    return `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
}

/** Hides what looks like a key or a token, and the user and password of a URL. */
export function masked(text: string): string {
  return text
    .replace(/(?<![A-Za-z0-9])(sk-|ek_|relay_(?=[\w-]{43}))[\w-]{4,}/g, "$1…")
    .replace(/(sk-|ek_)(?=[\w-]*\d)[\w-]{16,}/g, "$1…")
    .replace(/(\w:\/\/)[^\s/?#]*@/g, "$1…@");
}

import type { HeaderList } from "../exchange.ts";

/** The values of `Connection` that nearly every message has; they name no field. */
export const namesNothing = /^(?:keep-alive|close)$/i;

/** Names that `Connection` cannot take away: they frame the message, or say what it is and whose. */
const untouchable = new Set([
  "content-length",
  "content-type",
  // A policy has read the body by it: without it, upstream would read another one.
  "content-encoding",
  "authorization",
  "host",
]);

/** Removes `Connection` and the fields that it names (RFC 9110 section 7.6.1). */
export function withoutNominated(headers: HeaderList, nominated: string): HeaderList {
  const names = new Set(["connection"]);
  for (const part of nominated.split(",")) {
    const name = part.trim().toLowerCase();
    if (!untouchable.has(name)) names.add(name);
  }
  return headers.filter((_, i) => !names.has(headers[i - (i % 2)]!.toLowerCase()));
}

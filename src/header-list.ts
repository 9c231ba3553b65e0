import type { HeaderList } from "./exchange.ts";

/** The first value of a header, `undefined` when there is none. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.length === name.length && headers[i]!.toLowerCase() === name)
      return headers[i + 1];
  return undefined;
}

/** The lines as they stand on the wire (RFC 9112 section 5), as latin-1. */
export function toHeaderLines(headers: HeaderList): string {
  let lines = "";
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return lines;
}

/** The lines whose name does not match. */
export function without(headers: HeaderList, name: RegExp): HeaderList {
  return headers.filter((_, i) => !name.test(headers[i - (i % 2)]!));
}

/** Remembers what was found out about a name, spelled as received: names repeat, look-ups are cheaper. */
export function remembering<T>(find: (lowerCased: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let found = known.get(name);
    if (found === undefined) {
      found = find(name.toLowerCase());
      // Strangers choose these names: neither many nor long ones may stay in memory.
      if (known.size < 1_000 && name.length <= 64) known.set(name, found);
    }
    return found;
  };
}

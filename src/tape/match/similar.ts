import type { NormalRequest } from "./normal.ts";

/** Pieces of a request that are compared; two requests that share so many are alike. */
const most = 20_000;

/** What a request consists of, as a set: places with their values, texts word by word. */
export function piecesOf({ headers, query, body }: NormalRequest): Set<string> {
  const pieces = new Set<string>();
  const add = (place: string, value: unknown): void => {
    if (pieces.size >= most) return;
    // Where in a list something stands matters little.
    if (Array.isArray(value)) for (const item of value) add(place, item);
    else if (typeof value === "object" && value !== null)
      for (const [name, member] of Object.entries(value)) add(`${place}.${name}`, member);
    else if (typeof value === "string") {
      pieces.add(place);
      for (const word of value.slice(0, 10_000).split(/\s+/, 500)) pieces.add(`${place} ${word}`);
    } else pieces.add(`${place} ${value}`);
  };
  add("header", headers);
  add("query", query);
  add("", body);
  return pieces;
}

/** 1: all the same; 0: nothing in common. */
export function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const piece of a) if (b.has(piece)) shared++;
  const all = a.size + b.size - shared;
  return all === 0 ? 1 : shared / all;
}

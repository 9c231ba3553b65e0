import { badQuestion } from "../errors.ts";
import type { Filter } from "../journal/call.ts";

const texts = ["text", "model", "path", "status", "client", "tag", "command"] as const;
const times = ["since", "until"] as const;

/** What of a query says which calls are wanted. */
export function toFilter(query: URLSearchParams): Filter {
  const filter: Filter = {};
  for (const name of texts) {
    const text = query.get(name);
    if (text) filter[name] = text;
  }
  for (const name of times) {
    const time = toNumber(query, name);
    if (time !== undefined) filter[name] = time;
  }
  const isRunning = query.get("isRunning");
  if (isRunning) filter.isRunning = isRunning === "true";
  return filter;
}

/** `undefined`: the query has none of that name. */
export function toNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}(?:\.\d{1,9})?$/.test(text)) throw badQuestion(`${name} is a number.`);
  return Number(text);
}

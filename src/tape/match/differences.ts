import { compared, type Difference, type Pair } from "../../differences.ts";
import type { NormalRequest } from "./normal.ts";

/** What distinguishes two requests by the rules, at most `most` of it. */
export function differencesOf(
  recorded: NormalRequest,
  asked: NormalRequest,
  most: number,
): Difference[] {
  const pairs: Pair[] = [
    ["method", recorded.method, asked.method],
    ["path", recorded.path, asked.path],
    ["query", grouped(recorded.query), grouped(asked.query)],
    ["header", recorded.headers, asked.headers],
    ["", bodyOf(recorded), bodyOf(asked)],
  ];
  return compared(pairs, most);
}

/** One value as it is, several as a list. */
export function grouped(pairs: readonly [string, unknown][]): object {
  const values = new Map<string, unknown[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  const members = [...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  return Object.fromEntries(members);
}

/** JSON and forms by their names; anything else in one piece. */
function bodyOf({ body }: NormalRequest): unknown {
  if (body === null) return undefined;
  if ("json" in body) return body.json;
  if ("form" in body)
    return grouped(body.form.map(({ name, ...part }) => [name, "text" in part ? part.text : part]));
  return "text" in body ? body.text : body;
}

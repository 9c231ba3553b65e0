import { isDeepStrictEqual } from "node:util";
import type { NormalRequest } from "./normal.ts";

/** A place where two requests differ; `undefined`: there is nothing on that side. */
export type Difference = { where: string; recorded: unknown; asked: unknown };

/** A place, and what is there on the one and the other side. */
type Pair = readonly [where: string, recorded: unknown, asked: unknown];

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

/** The same for plain data of any kind: every place where it differs, as deep as can be told. */
export function compared(pairs: readonly Pair[], most: number): Difference[] {
  const found: Difference[] = [];
  const compare = (where: string, a: unknown, b: unknown): void => {
    if (found.length >= most || isDeepStrictEqual(a, b)) return;
    if (Array.isArray(a) && Array.isArray(b)) compareLists(where, a, b);
    else if (isObject(a) && isObject(b))
      for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort())
        compare(where === "" ? name : `${where}.${name}`, own(a, name), own(b, name));
    else found.push({ where: where === "" ? "body" : where, recorded: a, asked: b });
  };

  /** Items that are the same at both ends are set aside: one more in front must not make all differ. */
  const compareLists = (where: string, a: unknown[], b: unknown[]): void => {
    const shorter = Math.min(a.length, b.length);
    let start = 0;
    while (start < shorter && isDeepStrictEqual(a[start], b[start])) start++;
    let end = 0;
    while (end < shorter - start && isDeepStrictEqual(a.at(-1 - end), b.at(-1 - end))) end++;
    const length = Math.max(a.length, b.length) - end;
    for (let i = start; i < length; i++)
      compare(
        `${where}[${i}]`,
        i < a.length - end ? a[i] : undefined,
        i < b.length - end ? b[i] : undefined,
      );
  };

  for (const pair of pairs) compare(...pair);
  return found;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
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

import { compared } from "../differences.ts";
import type { HeaderPairs } from "../journal/call.ts";
import { fieldsOf, parseJson } from "./json.ts";
import { type Change, diffTexts } from "./text-diff.ts";

/** A place where two requests or answers differ; `undefined`: there is nothing on that side. */
export type Difference = {
  path: string;
  before?: unknown;
  after?: unknown;
  /** Of two longer texts, how the one became the other. */
  changes?: Change[];
};

/** Differences that are told. */
const most = 500;

/** Of shorter texts, both say it all. */
const short = 40;

/** How two bodies differ: JSON by its structure, all else by its lines. */
export function diffBodies(before: string, after: string): Difference[] {
  if (before === after) return [];
  const [a, b] = [parseJson(before), parseJson(after)];
  const isJson = a !== undefined && b !== undefined && isStructured(a) && isStructured(b);
  return toDifferences(compared([["", isJson ? a : before, isJson ? b : after]], most));
}

/** Any values of JSON. */
export function diffValues(path: string, before: unknown, after: unknown): Difference[] {
  return toDifferences(compared([[path, before, after]], most));
}

/** Headers that are never twice the same, follow from the body, or mark a repetition. */
const changing =
  /^(?:age|cf-.*|content-length|date|openai-processing-ms|sec-websocket-(?:accept|key)|transfer-encoding|x-ratelimit-.*|x-request-id|x-client-request-id|x-relay-again|x-stainless-retry-count)$/i;

export function diffHeaders(before: HeaderPairs = [], after: HeaderPairs = []): Difference[] {
  return diffValues("header", grouped(before), grouped(after));
}

function grouped(pairs: HeaderPairs): object {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const former = values.get(key);
    if (!changing.test(key)) values.set(key, former === undefined ? value : `${former}, ${value}`);
  }
  return Object.fromEntries(values);
}

function isStructured(value: unknown): boolean {
  return Array.isArray(value) || fieldsOf(value) !== undefined;
}

function toDifferences(found: ReturnType<typeof compared>): Difference[] {
  return found.map(({ where, recorded: before, asked: after }) => ({
    path: where,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    ...(isLong(before) && isLong(after) && { changes: diffTexts(before, after) }),
  }));
}

function isLong(value: unknown): value is string {
  return typeof value === "string" && value.length > short;
}

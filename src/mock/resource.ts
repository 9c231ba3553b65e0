import { type Fields, isObject } from "./fields.ts";

/** A value that stands in an answer only where the request has it. */
export const maybe = Symbol("maybe");

/** A kind of thing that the mock keeps, and what can be done with it. */
export type Resource = {
  /** One of it: `/vaults/{vault_id}`. A request to create it may name it, in a field called as the parameter. */
  path: string;
  /** Which of `list`, `create`, `retrieve`, `update` and `delete` do no more than that. */
  does: string;
  /** What its ids begin with. */
  id?: string;
  /** What a request to create it has to say, and one to change it. */
  needs?: string;
  changes?: string;
  /** Its fields while requests are silent. `{name}` is a parameter, or a field of the request. */
  gives: Fields;
  /** Fields that no request says. */
  own?: Fields;
  /** Fields that a request calls otherwise. */
  renames?: Record<string, string>;
  /** What only the answer to its creation has. */
  tells?: Fields;
  /** Further operations on one of it, and what they change. */
  acts?: Record<string, Fields>;
  /** The answer to its deletion; a text is the `object` in it. */
  gone?: string | Fields;
  /** How many there are from the start. */
  seeds?: number;
  /** How its list is told. */
  order?: "asc";
  hasNext?: true;
};

/** Something of which there is always one: `/organization/spend_limit`. */
export type Single = Pick<Resource, "path" | "gives" | "needs" | "renames" | "gone">;

/** The parameter at the end of a path. */
export function keyOf(path: string): string {
  return /\{(\w+)\}$/.exec(path)?.[1] ?? "";
}

/** The path of the list that a thing is in. */
export function listOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** A path with its parameters put in. */
export function fill(path: string, params: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => toSegment(params[name] ?? ""));
}

/** An id as one segment of a path: a slash in it is none of the path. JSON may bring any, also half a character. */
export function toSegment(id: unknown): string {
  const text = typeof id === "string" ? id : JSON.stringify(id);
  return encodeURIComponent(text.toWellFormed());
}

/** The fields of a new thing: those of the table, where the request does not say otherwise. */
export function filled(gives: Fields, words: Record<string, string>): Fields {
  const known = Object.entries(gives).filter(([, value]) => value !== maybe);
  return Object.fromEntries(known.map(([name, value]) => [name, put(value, words)]));
}

function put(value: unknown, words: Record<string, string>): unknown {
  if (typeof value === "string") return value.replace(/\{(\w+)\}/g, (_, word) => words[word] ?? "");
  return value;
}

/** What the request says in the place of what stands there, where it is of the same kind. */
export function merged(item: Fields, said: Fields, { gives, renames = {} }: Says): Fields {
  const result = { ...item };
  for (const [name, value] of Object.entries(said)) {
    const field = renames[name] ?? name;
    const usual = gives[field];
    if (!Object.hasOwn(gives, field) || !fits(value, usual)) continue;
    result[field] = isObject(usual) && isObject(value) ? { ...usual, ...value } : value;
  }
  return result;
}

type Says = Pick<Resource, "gives" | "renames">;

function fits(value: unknown, usual: unknown): boolean {
  if (value === undefined || usual === maybe || usual === null) return value !== undefined;
  if (value === null) return false;
  return typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual);
}

import type { Asked } from "./asked.ts";
import { isForm, readForm, readJson } from "./read.ts";
import { invalidParameter, missingParameter } from "./refusal.ts";

/** What a request says, by name: of a JSON body or of a form. */
export type Fields = Record<string, unknown>;

/** As much of a request as its fields are in. */
type Said = Pick<Asked, "headers" | "body"> & Partial<Asked>;

/** The fields of a request; none when it has no body. */
export async function fieldsOf(asked: Said): Promise<Fields> {
  if (asked.body.length === 0) return {};
  if (isForm(asked)) return formFields(await readForm(asked));
  const value = readJson(asked);
  return isObject(value) ? value : {};
}

/** The fields of a request that has to have some of them. */
export async function fieldsWith(asked: Asked, ...needed: string[]): Promise<Fields> {
  const fields = await fieldsOf(asked);
  const missing = needed.find((name) => fields[name] === undefined);
  if (missing) throw missingParameter(missing);
  return fields;
}

export function textIn(fields: Fields, name: string, silent = ""): string {
  const value = fields[name];
  return typeof value === "string" ? value : silent;
}

export function numberIn(fields: Fields, name: string, silent: number): number {
  const said = fields[name] ?? silent;
  // Not of an object: JSON may give it a "toString" that is none.
  const value = isObject(said) ? silent : Number(said);
  return Number.isFinite(value) ? value : silent;
}

/** What is no list counts as an empty one. */
export function listIn(fields: Fields, name: string): unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

/** A list of objects, empty where the request is silent. */
export function objectsIn(fields: Fields, name: string): Fields[] {
  return listOf(fields[name], name, "objects", isObject);
}

/** A list of texts, empty where the request is silent. */
export function textsIn(fields: Fields, name: string): string[] {
  return listOf(fields[name], name, "strings", (one) => typeof one === "string");
}

function listOf<T>(value: unknown, name: string, kind: string, fits: (one: unknown) => one is T) {
  const list: unknown = value ?? [];
  if (Array.isArray(list) && list.every(fits)) return list as T[];
  throw invalidParameter(name, `expected an array of ${kind}`);
}

export function objectIn(fields: Fields, name: string): Fields {
  return isObject(fields[name]) ? fields[name] : {};
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True as JSON, or as a form writes it. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

export async function bytesIn(fields: Fields, name: string): Promise<Buffer> {
  const file = fields[name];
  return file instanceof Blob ? Buffer.from(await file.arrayBuffer()) : Buffer.alloc(0);
}

function formFields(form: FormData): Fields {
  const fields: Fields = {};
  for (const [name, value] of form) put(fields, name, value);
  return fields;
}

/** Names as SDKs write them: `a`, `a[]` for a list, `a[b]` for an object. */
function put(fields: Fields, name: string, value: unknown): void {
  const [, base = name, key] = /^([^[]+)\[(\w*)\]$/.exec(name) ?? [];
  if (key === undefined) fields[base] = value;
  else if (key !== "") fields[base] = { ...objectIn(fields, base), [key]: value };
  else if (Array.isArray(fields[base])) fields[base].push(value);
  else fields[base] = [value];
}

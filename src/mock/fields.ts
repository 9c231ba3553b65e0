import { type Asked, headerOf } from "./asked.ts";
import { missingParameter, notJson, notMultipart } from "./refusal.ts";

/** What a request says, by name: of a JSON body or of a form. */
export type Fields = Record<string, unknown>;

/** As much of a request as its fields are in. */
type Said = Pick<Asked, "headers" | "body"> & Partial<Asked>;

/** The fields of a request; none when it has no body. */
export async function fieldsOf(asked: Said): Promise<Fields> {
  if (asked.body.length === 0) return {};
  const type = headerOf(asked.headers, "content-type") ?? "";
  return type.startsWith("multipart/") ? formFields(asked.body, type) : jsonFields(asked.body);
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
  const value = Number(fields[name] ?? silent);
  return Number.isFinite(value) ? value : silent;
}

/** A list of objects or of texts; what is no list counts as an empty one. */
export function listIn<T = Fields>(fields: Fields, name: string): T[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
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

function jsonFields(body: Buffer): Fields {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) ? value : {};
  } catch {
    throw notJson();
  }
}

async function formFields(body: Buffer, type: string): Promise<Fields> {
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } })
    .formData()
    .catch(() => {
      throw notMultipart();
    });
  const fields: Fields = {};
  for (const [name, value] of form) put(fields, name, value);
  return fields;
}

/** Names as SDKs write them: `a`, `a[]` for a list, `a[b]` for an object. */
function put(fields: Fields, name: string, value: unknown): void {
  const [, base = name, key] = /^([^[]+)\[(\w*)\]$/.exec(name) ?? [];
  if (key === undefined) fields[base] = value;
  else if (key === "") fields[base] = [...listIn(fields, base), value];
  else fields[base] = { ...objectIn(fields, base), [key]: value };
}

import { UsageError } from "../config/error.ts";
import { headerOf, without } from "../header-list.ts";
import { decompress } from "../policy/decode.ts";
import type { Recorded } from "./recorded.ts";

/** What `--set model=gpt-5-mini` says: where in the JSON, and what is to stand there. */
export type Edit = { path: string[]; value: unknown };

/** More than any request that somebody edits. */
export const largest = 256 * 1024 ** 2;

/** The value is JSON where it can be, else a text. */
export function toEdit(text: string): Edit {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw new UsageError(`--set ${text}: say path=value, such as model=gpt-5-mini`);
  return { path: path.split("."), value: parsed(value) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The request with other values in its JSON, which is written anew and without a Content-Encoding. */
export async function withEdits(request: Recorded, edits: readonly Edit[]): Promise<Recorded> {
  if (edits.length === 0) return request;
  const coding = headerOf(request.headers, "content-encoding") ?? "";
  let json: unknown;
  try {
    json = JSON.parse(String(await decompress(request.body, coding, largest)));
  } catch {
    throw new UsageError("The body of this call is no JSON: nothing in it can be set.");
  }
  for (const edit of edits) set(json, edit);
  const headers = without(request.headers, /^content-encoding$/i);
  return { ...request, headers, body: Buffer.from(JSON.stringify(json)) };
}

function set(json: unknown, { path, value }: Edit): void {
  const name = path.join(".");
  let inside = json;
  for (const [depth, key] of path.entries()) {
    const isList = Array.isArray(inside);
    if (typeof inside !== "object" || inside === null || key === "__proto__")
      throw new UsageError(`--set ${name}: there is nothing to go into at "${key}".`);
    if (isList && !/^\d{1,6}$/.test(key))
      throw new UsageError(`--set ${name}: "${key}" is no place in a list; they count from 0.`);
    if (Array.isArray(inside) && Number(key) > inside.length)
      throw new UsageError(
        `--set ${name}: the list has ${inside.length}, so "${key}" leaves a gap.`,
      );
    const fields = inside as Record<string, unknown>;
    if (depth === path.length - 1) fields[key] = value;
    else if (fields[key] === undefined) fields[key] = {};
    inside = fields[key];
  }
}

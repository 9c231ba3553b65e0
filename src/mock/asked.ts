import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Exchange, HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { readForm, readJson } from "./read.ts";
import { invalidParameter, missingParameter } from "./refusal.ts";
import type { Said } from "./said.ts";

/** One request as the operations of the mock see it. */
export type Asked = {
  method: string;
  /** What the `{name}`s of the operation's path stand for. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: HeaderList;
  body: Buffer;
  /** Follows from method, target and body: equal requests have equal digests. */
  digest: string;
  /** What a model has been told to say to it. */
  said?: Said | undefined;
};

export function digestOf({ method, target, headers }: Exchange, body: Buffer | null): string {
  const hash = createHash("sha256").update(`${method} ${target}\n`);
  // Clients make up a new boundary for each form.
  const boundary = /boundary="?([^";]+)/i.exec(headerOf(headers, "content-type") ?? "")?.[1];
  const said = body && boundary ? body.toString("latin1").replaceAll(boundary, "") : (body ?? "");
  return hash.update(said).digest("hex");
}

export function jsonOf<T>(asked: Asked, schema: v.GenericSchema<unknown, T>): T {
  return checked(readJson(asked), schema);
}

/** The fields of a multipart form. */
export async function formOf<T>(asked: Asked, schema: v.GenericSchema<unknown, T>): Promise<T> {
  return checked(Object.fromEntries(await readForm(asked)), schema);
}

function checked<T>(value: unknown, schema: v.GenericSchema<unknown, T>): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const param = v.getDotPath(issue) ?? undefined;
  if (param && issue.received === "undefined") throw missingParameter(param);
  if (issue.type === "non_empty") throw invalidParameter(param, "it is empty");
  throw invalidParameter(param, `expected ${issue.expected}, but got ${issue.received}`);
}

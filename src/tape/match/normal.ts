import { hash } from "node:crypto";
import type { Asked } from "../entry.ts";
import { type Normal, normalBody } from "./body.ts";
import { createMask } from "./masks.ts";
import type { Rules } from "./rules.ts";

/** A request in which all is gone that may differ by the rules. */
export type NormalRequest = {
  method: string;
  path: string;
  query: [name: string, value: string][];
  headers: Record<string, string>;
  body: Normal;
};

export function toNormal(asked: Asked, rules: Rules): NormalRequest {
  const mask = createMask(rules);
  const inTarget = rules.pathIds ? mask : (text: string) => text;
  return {
    method: asked.upgrade ? "WebSocket" : asked.method,
    path: inTarget(asked.path),
    query: toQuery(asked, rules).map(([name, value]) => [name, inTarget(value)]),
    headers: toHeaders(asked, rules),
    body: normalBody(asked, mask, rules),
  };
}

/** What requests have in common that are the same by the rules. */
export function keyOf(asked: Asked, rules: Rules): string {
  const { when } = asked;
  return hash("sha256", JSON.stringify([rules.digest, toNormal(asked, rules), when]));
}

/** In the order of names; parameters of one name keep theirs. */
function toQuery({ query = "" }: Asked, { ignoredQuery }: Rules): [string, string][] {
  const parameters = [...new URLSearchParams(query)].filter(([name]) => !ignoredQuery.has(name));
  return parameters.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function toHeaders({ headers, body }: Asked, rules: Rules): Record<string, string> {
  const found: [string, string][] = [];
  for (const [name, value] of headers) {
    if (rules.headers.includes(name)) found.push([name, value.trim()]);
    if (name !== "content-type" || !body) continue;
    // A boundary and a charset say nothing of their own, and JSON is what is sent without a type.
    const type = /^[^;]*/.exec(value)![0].trim().toLowerCase();
    if (type !== "" && type !== "application/json") found.push([name, type]);
  }
  return Object.fromEntries(found);
}

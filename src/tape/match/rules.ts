import { createHash } from "node:crypto";
import type { ReplaceRule } from "../../config/sections/tape-match.ts";

/** What may differ between a request and the one on the tape. */
export type Rules = {
  /** Two relays with the same digest take the same requests for the same. */
  readonly digest: string;
  readonly ids: boolean;
  readonly dates: boolean;
  readonly pathIds: boolean;
  /** Places in bodies, name by name; `*` is any. */
  readonly ignored: readonly Place[];
  readonly ignoredQuery: ReadonlySet<string>;
  /** Lower-cased names of headers that must be the same. */
  readonly headers: readonly string[];
  readonly replace: readonly ReplaceRule[];
};

/** Names on the way to a value. */
export type Place = readonly string[];

/** `match` of the settings. */
export type RuleSettings = {
  ids: boolean;
  dates: boolean;
  pathIds: boolean;
  ignoreFields: readonly string[];
  ignoreQuery: readonly string[];
  headers: readonly string[];
  replace: readonly ReplaceRule[];
};

/** Rises whenever the same settings come to mean something else: no digest of before is then good. */
const version = 1;

/** The rules that the settings (`config.match`) ask for. */
export function toRules(settings: RuleSettings): Rules {
  const { ids, dates, pathIds, replace } = settings;
  const fields = [...new Set(settings.ignoreFields.map((field) => toPlace(field).join(".")))];
  const query = [...new Set(settings.ignoreQuery)].sort();
  const headers = [...new Set(settings.headers.map((name) => name.toLowerCase()))].sort();
  // The order of replacements has a meaning, that of the others none.
  const replacements = replace.map(({ pattern, to }) => [pattern, to]);
  const all = [version, ids, dates, pathIds, fields.sort(), query, headers, replacements];
  return {
    digest: createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 16),
    ids,
    dates,
    pathIds,
    ignored: fields.map((field) => field.split(".")),
    ignoredQuery: new Set(query),
    headers,
    replace,
  };
}

/** `$.input[*].id`, as JSONPath spells it, is `input.*.id`. */
function toPlace(field: string): Place {
  const plain = field
    .replace(/^\$\.?/, "")
    .replace(/\[(?:"([^"\]]*)"|'([^'\]]*)'|([^\]]*))\]/g, ".$1$2$3");
  return plain.split(".").filter((name) => name !== "");
}

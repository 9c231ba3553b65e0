import * as v from "valibot";
import { list, type Setting, section, toggle } from "../kinds.ts";
import { fromJson } from "../values.ts";

const field = [/^[^\s]+$/, 'a place in a body such as "metadata.run" or "input.*.id"'] as const;
const parameter = [/^[^\s=&#]+$/, 'the name of a query parameter such as "limit"'] as const;
const header = [
  /^(?:accept|if-none-match|openai-beta|range)$/i,
  "one of the headers that a tape keeps: accept, if-none-match, openai-beta, range",
] as const;

const rule = 'a rule such as { "pattern": "run-*", "to": "run" }';
const pattern = v.pipe(
  v.string('a pattern such as "run-*"'),
  v.regex(/[^*]/, "a pattern of more than *"),
  v.regex(/^[^*]*(?:\*+[^*]*){0,4}$/, "a pattern with at most four *"),
  v.maxLength(256, "a pattern of at most 256 characters"),
);
const replaceRule = v.strictObject({ pattern, to: v.string("a text") }, rule);

/** One rule of `match.replace`. */
export type ReplaceRule = v.InferOutput<typeof replaceRule>;

export const match = section("Matching of tapes", {
  ids: toggle(true, "Take bodies for the same whose ids differ: UUIDs, call_…, msg_…, file-…"),
  dates: toggle(true, "Take bodies for the same whose dates and timestamps differ"),
  pathIds: toggle(false, "Let ids differ in path and query as well"),
  ignoreFields: list(field, "Places in JSON bodies and forms that may differ; * is any name", {
    placeholder: "place",
    example: ["metadata.run", "input.*.id"],
  }),
  ignoreQuery: list(parameter, "Query parameters that may differ", { placeholder: "name" }),
  headers: {
    ...list(header, "Request headers that must be the same, beside the media type", {
      placeholder: "name",
    }),
    default: ["range"],
  },
  replace: {
    schema: v.array(replaceRule, "a list of rules"),
    fromText: fromJson,
    default: [],
    about: "Texts to replace before bodies are compared; * is a word or a part of one",
    noFlag: true,
    example: [{ pattern: "/tmp/pytest-*", to: "/tmp/pytest" }],
  } as Setting<ReplaceRule[]>,
});

import * as v from "valibot";
import { whole as count, duration } from "../../config/kinds.ts";

const whole = (min: number, max: number) => count(min, max, min, "").schema;
const text = v.string("a text");
const time = duration(0, "").schema;
const vector = v.array(v.number("a number"), "a list of numbers");

const request = v.pipe(
  text,
  v.regex(
    /^(?:[A-Za-z]+ )?\/\S*$/,
    'a path such as "/v1/chat/*", with a method in front if need be ("POST /v1/responses")',
  ),
);

const pattern = v.pipe(text, v.check(isPattern, "a regular expression of JavaScript"));

/** What says where an answer ends is the relay's own to say. */
const framing = /^(?:connection|content-length|keep-alive|trailer|transfer-encoding|upgrade)$/i;

const headers = v.record(
  v.pipe(
    text,
    v.regex(/^[!#$%&'*+.^_`|~\w-]+$/, "the name of a header"),
    v.check((name) => !framing.test(name), "one that the relay does not set itself"),
  ),
  v.pipe(text, v.regex(/^[\t\x20-\x7e]*$/, "a text of printable ASCII characters")),
  "headers by name",
);

const when = v.strictObject(
  {
    path: v.optional(v.pipe(request, v.description("Path of the request; * stands for anything"))),
    model: v.optional(v.pipe(text, v.description("Model; * stands for anything"))),
    text: v.optional(
      v.pipe(text, v.description("A part of the user's last message, case ignored")),
    ),
    matches: v.optional(
      v.pipe(pattern, v.description("A regular expression that the user's last message matches")),
    ),
    call: v.optional(
      v.pipe(
        whole(1, 1_000_000),
        v.description("Only the n-th of the requests that fit the rest of this"),
      ),
    ),
  },
  "an object with some of path, model, text, matches, call",
);

const toolCall = v.strictObject(
  { name: text, arguments: v.optional(v.unknown(), {}), id: v.optional(text) },
  'a call such as { "name": "get_weather", "arguments": { "city": "Oslo" } }',
);

const error = v.strictObject(
  {
    status: whole(400, 599),
    message: text,
    type: v.optional(text),
    code: v.optional(v.nullable(text)),
    param: v.optional(v.nullable(text)),
    headers: v.optional(headers, {}),
  },
  'an error such as { "status": 500, "message": "Broken" }',
);

const raw = v.strictObject(
  {
    status: v.optional(whole(200, 599), 200),
    headers: v.optional(headers, {}),
    body: v.optional(v.unknown(), ""),
  },
  "an answer of status, headers and body",
);

/** Each of them is an answer by itself; a text may come before calls of tools. */
const kinds = ["text", "json", "toolCalls", "error", "embedding", "raw"] as const;

const rule = v.pipe(
  v.strictObject(
    {
      when: v.optional(
        v.pipe(when, v.description("What requests it answers; without it: all")),
        {},
      ),
      text: v.optional(v.pipe(text, v.description("What the model says"))),
      json: v.optional(v.pipe(v.unknown(), v.description("What the model says, as JSON"))),
      toolCalls: v.optional(
        v.pipe(
          v.array(toolCall, "a list of calls"),
          v.description("The tools that the model calls"),
        ),
      ),
      error: v.optional(v.pipe(error, v.description("An error of the API"))),
      embedding: v.optional(
        v.pipe(
          v.union([vector, v.array(vector)], "a vector, or one for each input"),
          v.description("A vector for each input, or one for each of them"),
        ),
      ),
      raw: v.optional(v.pipe(raw, v.description("Status, headers and body as they are"))),
      latency: v.optional(v.pipe(time, v.description("Time to the first byte"))),
      delay: v.optional(v.pipe(time, v.description("Time before each piece of a stream"))),
    },
    'an object such as { "when": { "text": "Hi" }, "text": "Hello" }',
  ),
  v.check(
    (one) => {
      const given = kinds.filter((kind) => one[kind] !== undefined);
      return given.length === 1 || given.join() === "text,toolCalls";
    },
    `exactly one of ${kinds.join(", ")}, or text with toolCalls`,
  ),
);

export const scriptSchema = v.strictObject(
  {
    $schema: v.optional(
      v.pipe(text, v.description("Where the schema of this file is, for editors")),
    ),
    version: v.pipe(v.literal(1, "1"), v.description("Version of this file's format")),
    answers: v.pipe(
      v.array(rule, "a list of answers"),
      v.description("The first that fits counts"),
    ),
  },
  "an object with version and answers",
);

/** One answer of a script, and the requests that it is for. */
export type Rule = v.InferOutput<typeof rule>;

/** As `matches` is meant: whole characters, however many units they have. */
export function toPattern(source: string): RegExp {
  return new RegExp(source, "u");
}

function isPattern(source: string): boolean {
  try {
    return Boolean(toPattern(source));
  } catch {
    return false;
  }
}

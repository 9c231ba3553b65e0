import * as v from "valibot";
import { type Line, version } from "./entry.ts";

const framing = /^(?:connection|keep-alive|transfer-encoding)$/i;

function described<T extends v.GenericSchema>(schema: T, about: string) {
  return v.pipe(schema, v.description(about));
}

const at = described(v.number(), "Milliseconds since the request came");
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const base64 = described(
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/)),
  "Bytes that are no UTF-8",
);
const text = v.string();
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const pairs = v.array(v.strictTuple([v.string(), v.string()]));
/** What can be sent as it is: a tape may be somebody else's. */
const fieldText = v.pipe(
  v.string(),
  v.regex(/^[\t\x20-\x7e\x80-\xff]*$/, "it cannot be in a head"),
);
const name = v.pipe(
  v.string(),
  v.regex(/^[!#$%&'*+.^_`|~\w-]+$/, "no name of a header"),
  v.check((text) => !framing.test(text), "the relay's own to say"),
);
const headers = described(
  v.array(v.strictTuple([name, fieldText])),
  "Names and values, in their order",
);

const body = v.union([
  v.strictObject({ bytes: count, json: v.unknown() }),
  v.strictObject({ bytes: count, text }),
  v.strictObject({ bytes: count, base64 }),
  v.strictObject({ bytes: count, sha256 }),
]);

const when = v.strictObject({
  model: v.exactOptional(text),
  stream: v.exactOptional(v.boolean()),
  user: v.exactOptional(described(text, "In the last message of the user")),
  system: v.exactOptional(described(v.array(text), "In instructions and system messages")),
  input: v.exactOptional(described(text, "In the texts to embed")),
  tool: v.exactOptional(described(text, "A tool that is offered")),
  call: v.exactOptional(described(text, "The call that the last result of a tool is for")),
  result: v.exactOptional(described(text, "In the last message, the result of a tool")),
  hasResult: v.exactOptional(described(v.boolean(), "A tool's result follows the user's message")),
  turn: v.exactOptional(described(count, "Messages of the assistant so far")),
  format: v.exactOptional(described(text, "The type of the format that is asked for")),
});

const asked = v.strictObject({
  tape: described(v.literal(version), "Version of this format"),
  method: v.string(),
  path: described(v.pipe(v.string(), v.startsWith("/")), "As OpenAI has it: /v1/…"),
  query: v.exactOptional(described(v.string(), "What follows the question mark")),
  upgrade: v.exactOptional(described(v.literal(true), "A WebSocket handshake")),
  digest: described(sha256, "Of the exact request; the file's name has its beginning"),
  recorded: described(v.pipe(v.string(), v.isoTimestamp()), "When the request came"),
  headers: described(pairs, "Only those that carry no credential, in lower case"),
  body: v.exactOptional(described(body, "Decoded; large ones by length and digest only")),
  when: v.exactOptional(described(when, "Imported: it answers whatever meets all of this")),
});

const interim = v.strictObject({
  at,
  interim: described(
    v.pipe(v.number(), v.integer(), v.minValue(102), v.maxValue(199)),
    "Status of an interim answer",
  ),
  reason: fieldText,
  headers,
});

const head = v.strictObject({
  at,
  status: described(
    v.pipe(v.number(), v.integer(), v.minValue(101), v.maxValue(999)),
    "Of the answer; of a WebSocket 101",
  ),
  reason: fieldText,
  headers,
});

const slice = v.union([v.strictObject({ at, text }), v.strictObject({ at, base64 })]);

const frame = {
  at,
  from: v.picklist(["client", "server"]),
  more: v.exactOptional(described(v.literal(true), "More of the same message follows")),
  rest: v.exactOptional(described(v.literal(true), "Not the first part of its message")),
  binary: v.exactOptional(described(v.literal(true), "Binary, though its bytes are text")),
};

const message = v.union([
  v.strictObject({ ...frame, text }),
  v.strictObject({ ...frame, base64 }),
  v.strictObject({ at, from: frame.from, ping: v.string() }),
  v.strictObject({ at, from: frame.from, close: v.nullable(v.number()), reason: v.string() }),
]);

const end = v.strictObject({
  at,
  end: described(
    v.picklist(["complete", "reset", "truncated", "client_left"]),
    "reset and truncated: OpenAI's side broke off; client_left: the client did",
  ),
  trailers: v.exactOptional(headers),
});

/** A line of a tape: first the request, then the head, slices or messages, last the end. */
const line = v.union([
  described(asked, "The first line: what was asked"),
  described(interim, "An interim answer"),
  described(head, "The head of the answer"),
  described(slice, "What of the body came in one piece"),
  described(message, "A frame of a WebSocket"),
  described(end, "The last line: how it ended"),
]) satisfies v.GenericSchema<Line, Line>;

/** What is wrong with a line; `undefined`: nothing. */
export function faultOf(value: Line): string | undefined {
  const result = v.safeParse(schemaOf(value), value);
  if (result.success) return undefined;
  const [issue] = result.issues;
  const where = v.getDotPath(issue);
  return `${where ? `"${where}": ` : ""}${issue.message}`;
}

/** Against all of them at once, it would not be said what is wrong. */
function schemaOf(value: object): v.GenericSchema {
  if ("tape" in value) return asked;
  if ("interim" in value) return interim;
  if ("status" in value) return head;
  if ("from" in value) return message;
  return "end" in value ? end : slice;
}

/** JSON Schema (draft 7) of the lines of a tape. */
export async function tapeSchema(): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const { $schema, ...schema } = toJsonSchema(line, { errorMode: "ignore" });
  return { $schema, title: "A line of a tape of openai-relay", ...schema };
}

import * as v from "valibot";
import type { Entry } from "../entry.ts";
import { bodyOf, eventsIn, isEventStream, parsed } from "./events.ts";

// What of an answer is read here, and nothing else. A `null` counts as nothing.
const call = v.object({
  index: v.nullish(v.number()),
  function: v.object({ name: v.nullish(v.string()), arguments: v.nullish(v.string()) }),
});
const said = v.object({
  content: v.nullish(v.string()),
  refusal: v.nullish(v.string()),
  tool_calls: v.nullish(v.array(call)),
});
const choice = v.object({
  index: v.nullish(v.number()),
  delta: v.nullish(said),
  message: v.nullish(said),
  text: v.nullish(v.string()),
});
const item = v.object({
  id: v.nullish(v.string()),
  name: v.nullish(v.string()),
  arguments: v.nullish(v.string()),
  content: v.nullish(v.array(v.object({ text: v.nullish(v.string()) }))),
});
const shapes = {
  chat: v.object({ choices: v.array(choice) }),
  response: v.object({ output: v.array(item) }),
  delta: v.object({
    type: v.pipe(
      v.string(),
      v.regex(
        /\.(?:output_text|refusal|function_call_arguments|(?:output_)?audio_transcript)\.delta$/,
      ),
    ),
    item_id: v.string(),
    delta: v.string(),
  }),
  added: v.object({ type: v.literal("response.output_item.added"), item }),
  transcript: v.object({ text: v.string() }),
};

/** Some text, and what it belongs to: pieces of one thing are joined. */
type Piece = [of: string, text: string];

/** What the model said, calls of tools a line each; `undefined`: nothing that can be told. */
export async function messageOf(entry: Entry): Promise<string | undefined> {
  const values = entry.asked.upgrade ? messagesOf(entry) : await valuesOf(entry);
  const texts = new Map<string, string>();
  for (const value of values)
    for (const [of, text] of piecesOf(value)) texts.set(of, (texts.get(of) ?? "") + text);
  const lines = [...texts.values()].filter((text) => text !== "");
  return lines.length > 0 ? lines.join("\n") : undefined;
}

async function valuesOf(entry: Entry): Promise<unknown[]> {
  const body = (await bodyOf(entry)).toString("utf8");
  return isEventStream(entry) ? eventsIn(body) : [parsed(body)];
}

function messagesOf({ parts }: Entry): unknown[] {
  return parts.flatMap((part) => {
    return "from" in part && part.from === "server" && "text" in part ? [parsed(part.text)] : [];
  });
}

function piecesOf(value: unknown): Piece[] {
  const { chat, delta, added, response, transcript } = shapes;
  if (v.is(chat, value)) return value.choices.flatMap(piecesOfChoice);
  if (v.is(delta, value)) return [[value.item_id, value.delta]];
  if (v.is(added, value)) return [[value.item.id ?? "", nameOf(value.item.name)]];
  if (v.is(response, value)) return value.output.flatMap(piecesOfItem);
  return v.is(transcript, value) ? [["text", value.text]] : [];
}

function piecesOfChoice(one: v.InferOutput<typeof choice>, position: number): Piece[] {
  const { index, text, delta, message } = one;
  const { content, refusal, tool_calls } = delta ?? message ?? {};
  const of = `choice ${index ?? position}`;
  const calls = (tool_calls ?? []).map((called, i): Piece => {
    const { name, arguments: given } = called.function;
    return [`${of}, call ${called.index ?? i}`, `${nameOf(name)}${given ?? ""}`];
  });
  return [[of, text ?? content ?? refusal ?? ""], ...calls];
}

function piecesOfItem({ name, arguments: given, content }: v.InferOutput<typeof item>, i: number) {
  const text = (content ?? []).map((part) => part.text ?? "").join("");
  return [[`item ${i}`, `${nameOf(name)}${given ?? ""}${text}`] satisfies Piece];
}

/** Of a tool, in front of its arguments. */
function nameOf(name: string | null | undefined): string {
  return name ? `${name} ` : "";
}

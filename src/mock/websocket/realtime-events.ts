import type {
  ConversationItem,
  RealtimeResponse,
  RealtimeServerEvent,
} from "openai/resources/realtime/realtime";
import type { Said, ToolCall } from "../said.ts";
import { pieces } from "../speech.ts";

/** An event that has no id yet. */
export type Nameless<Event = RealtimeServerEvent> = Event extends unknown
  ? Omit<Event, "event_id">
  : never;

export type Plan = {
  said: Said;
  /** As it is while it is made. */
  response: RealtimeResponse & { id: string };
  withAudio: boolean;
  usage: NonNullable<RealtimeResponse["usage"]>;
  newId: (prefix: string) => string;
};

/** A tenth of a second of silence, for each word, as 16-bit PCM at 24 kHz. */
const silence = Buffer.alloc(4_800).toString("base64");

/** All that is said of a response, from its beginning to its end. */
export function* responseEvents(plan: Plan): Generator<Nameless> {
  const { said, response, usage, newId } = plan;
  const output: ConversationItem[] = [];
  yield { type: "response.created", response };
  if (said.text !== "") output.push(yield* message(plan, newId("item_")));
  for (const call of said.toolCalls)
    output.push(yield* toolCall(plan, call, newId("item_"), output.length));
  const done = { status: "completed" as const, status_details: { type: "completed" as const } };
  yield { type: "response.done", response: { ...response, ...done, output, usage } };
}

function* message(
  { said: { text }, response, withAudio }: Plan,
  id: string,
): Generator<Nameless, ConversationItem> {
  const at = { response_id: response.id, item_id: id, output_index: 0, content_index: 0 };
  const begun = itemOf(id, "in_progress", []);
  yield {
    type: "response.output_item.added",
    response_id: response.id,
    output_index: 0,
    item: begun,
  };
  yield { type: "conversation.item.added", item: begun };
  yield { type: "response.content_part.added", ...at, part: partOf(withAudio, "") };
  for (const delta of pieces(text)) {
    if (!withAudio) yield { type: "response.output_text.delta", ...at, delta };
    else {
      yield { type: "response.output_audio_transcript.delta", ...at, delta };
      yield { type: "response.output_audio.delta", ...at, delta: silence };
    }
  }
  if (!withAudio) yield { type: "response.output_text.done", ...at, text };
  else {
    yield { type: "response.output_audio.done", ...at };
    yield { type: "response.output_audio_transcript.done", ...at, transcript: text };
  }
  yield { type: "response.content_part.done", ...at, part: partOf(withAudio, text) };
  const content = withAudio
    ? { type: "output_audio" as const, transcript: text }
    : { type: "output_text" as const, text };
  const item = itemOf(id, "completed", [content]);
  yield { type: "conversation.item.done", item };
  yield { type: "response.output_item.done", response_id: response.id, output_index: 0, item };
  return item;
}

function* toolCall(
  { response }: Plan,
  { id: call_id, name, arguments: text }: ToolCall,
  id: string,
  output_index: number,
): Generator<Nameless, ConversationItem> {
  const at = { response_id: response.id, item_id: id, output_index, call_id };
  const toItem = (status: "in_progress" | "completed", text: string) => ({
    ...{ id, object: "realtime.item" as const, type: "function_call" as const, status },
    ...{ call_id, name, arguments: text },
  });
  const begun = toItem("in_progress", "");
  yield { type: "response.output_item.added", response_id: response.id, output_index, item: begun };
  yield { type: "conversation.item.added", item: begun };
  for (const delta of pieces(text))
    yield { type: "response.function_call_arguments.delta", ...at, delta };
  yield { type: "response.function_call_arguments.done", ...at, name, arguments: text };
  const item = toItem("completed", text);
  yield { type: "conversation.item.done", item };
  yield { type: "response.output_item.done", response_id: response.id, output_index, item };
  return item;
}

function partOf(withAudio: boolean, text: string) {
  return withAudio ? { type: "audio" as const, transcript: text } : { type: "text" as const, text };
}

function itemOf(
  id: string,
  status: "in_progress" | "completed",
  content: { type: "output_audio" | "output_text"; text?: string; transcript?: string }[],
): ConversationItem {
  return { id, object: "realtime.item", type: "message", status, role: "assistant", content };
}

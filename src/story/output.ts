import type { Draft } from "./draft.ts";
import { type Fields, fieldsOf, numberOf, objectsOf, stringOf, textOf } from "./json.ts";
import { mimeOfAudio, mimeOfImage } from "./media.ts";
import type { Words } from "./message.ts";

/** A response, whole: its status, and its items where its events did not bring them. */
export function takeResponse(draft: Draft, response: Fields): void {
  draft.describe(response);
  const { incomplete_details: incomplete, output, id } = response;
  for (const [index, item] of objectsOf(output).entries())
    takeItem(draft, item, keyOf(textOf(id), index), true);
  if (response.status !== "in_progress" && response.status !== "queued")
    draft.finish(fieldsOf(incomplete)?.reason ?? response.status);
  draft.fail(response.error ?? fieldsOf(response.status_details)?.error);
}

/** What stands for the place of an item: ids are not the same in all of its events. */
export function keyOf(response: string, index: unknown): string {
  return `${response}/${numberOf(index) ?? 0}`;
}

/** An item of an output as it begins, or as it is in the end. */
export function takeItem(draft: Draft, item: Fields, of: string, isWhole: boolean): void {
  const type = stringOf(item.type) ?? "";
  if (type === "message") takeParts(draft, item.content, of);
  else if (type === "reasoning") {
    takeParts(draft, item.summary, `${of} summary`);
    takeParts(draft, item.content, of);
  } else if (type === "image_generation_call") {
    if (item.result) takeImage(draft, item.result, of, item.output_format, false);
  } else if (type.endsWith("_call") || type.endsWith("_request"))
    takeCall(draft, item, of, isWhole);
}

const kinds: { [type: string]: Words["kind"] } = {
  output_text: "text",
  text: "text",
  refusal: "refusal",
  summary_text: "reasoning",
  reasoning_text: "reasoning",
};

/** The parts of an item, each under its number. */
function takeParts(draft: Draft, parts: unknown, of: string): void {
  for (const [index, part] of objectsOf(parts).entries()) {
    const kind = kinds[stringOf(part.type) ?? ""];
    const key = `${of}/${index}`;
    if (kind) draft.settle(kind, key, part.text ?? part.refusal);
    else draft.settle("transcript", key, part.transcript);
  }
}

function takeCall(draft: Draft, item: Fields, of: string, isWhole: boolean): void {
  const call = draft.call(of);
  const id = stringOf(item.call_id) ?? stringOf(item.id);
  if (id) call.id = id;
  call.name = stringOf(item.name) ?? stringOf(item.type)!.replace(/_(?:call|request)$/, "");
  const { arguments: given, input, code, action, queries, operation } = item;
  const said = textOf(given ?? input ?? code ?? action ?? queries ?? operation);
  if (isWhole || call.arguments === "") call.arguments = said || call.arguments;
  const output = textOf(item.output ?? item.error ?? item.outputs ?? item.results);
  if (output !== "") call.output = output;
}

export function takeImage(
  draft: Draft,
  base64: unknown,
  of: string,
  format: unknown,
  isPartial: boolean,
): void {
  if (typeof base64 !== "string") return;
  const image = draft.media("image", of, mimeOfImage(format));
  image.base64 = [base64];
  if (isPartial) image.isPartial = true;
  else delete image.isPartial;
}

/** What the pieces of an event are, by the event's name without its first and its last word. */
const pieces: { [name: string]: Words["kind"] | "call" | "audio" } = {
  output_text: "text",
  text: "text",
  refusal: "refusal",
  reasoning_text: "reasoning",
  reasoning_summary_text: "reasoning",
  output_audio_transcript: "transcript",
  audio_transcript: "transcript",
  "audio.transcript": "transcript",
  output_audio: "audio",
  audio: "audio",
  function_call_arguments: "call",
  custom_tool_call_input: "call",
  mcp_call_arguments: "call",
  code_interpreter_call_code: "call",
};

const named = /^(?:response|agent\.session\.turn|session)\.(.+)\.(delta|done)$/;

/** An event that brings a piece of an item, or all of it. `false`: it is none. */
export function takePiece(draft: Draft, type: string, event: Fields, response: string): boolean {
  const [, name = "", last] = named.exec(type) ?? [];
  const kind = pieces[name];
  if (!kind) return false;
  const of = keyOf(response, event.output_index);
  if (kind === "audio") {
    if (typeof event.delta === "string")
      draft.media("audio", of, mimeOfAudio(draft.audioFormat)).base64.push(event.delta);
    return true;
  }
  if (kind === "call") {
    const whole = event.arguments ?? event.input ?? event.code;
    if (last === "delta") draft.call(of).arguments += textOf(event.delta);
    else if (typeof whole === "string") draft.call(of).arguments = whole;
    return true;
  }
  const { summary_index: summary, content_index: content } = event;
  const key =
    numberOf(summary) === undefined ? `${of}/${content ?? 0}` : `${of} summary/${summary}`;
  if (last === "delta") draft.say(kind, key, event.delta);
  else draft.settle(kind, key, event.text ?? event.refusal ?? event.transcript);
  return true;
}

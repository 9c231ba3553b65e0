import { takeChoices } from "./chat.ts";
import { Draft } from "./draft.ts";
import type { StreamEvent } from "./events.ts";
import { type Fields, fieldsOf, numberOf, parseJson, stringOf, textOf } from "./json.ts";
import { mimeOfAudio } from "./media.ts";
import type { Message } from "./message.ts";
import { keyOf, takeImage, takeItem, takePiece, takeResponse } from "./output.ts";
import { takeRunEvent } from "./runs.ts";

/** Puts a message together from events, one after the other. Events that it does not know change nothing. */
export class Assembler {
  readonly #draft: Draft;
  /** The response that events belong to which do not name one. */
  #response = "";
  #count = 0;

  constructor(draft = new Draft()) {
    this.#draft = draft;
  }

  get message(): Message {
    return this.#draft.message;
  }

  push(event: StreamEvent): void {
    const { side, data, type, name } = event;
    if (side === "asked" || type === "close" || type === "binary") return;
    this.#count += 1;
    if (data === "") return;
    if (data === "[DONE]") {
      this.message.isClosed = true;
      return;
    }
    const value = parseJson(data);
    const fields = fieldsOf(value);
    if (fields) this.#take(fields, stringOf(fields.type) ?? name ?? "");
    else if (value === undefined)
      this.message.problems.push(`Event ${this.#count} is no JSON: ${data.slice(0, 80)}`);
  }

  #take(event: Fields, type: string): void {
    const draft = this.#draft;
    if (fieldsOf(event.error) || type === "error") draft.fail(event.error ?? event);
    if (Array.isArray(event.choices)) takeChoices(draft, event);
    else if (type.startsWith("thread.")) takeRunEvent(draft, type, event);
    else this.#takeTyped(event, type);
  }

  #takeTyped(event: Fields, type: string): void {
    const draft = this.#draft;
    const response = fieldsOf(event.response);
    if (type === "response.created" && response) this.#response = textOf(response.id);
    const of = stringOf(event.response_id) ?? stringOf(event.turn_id) ?? this.#response;
    const item = fieldsOf(event.item);

    if (takePiece(draft, type, event, of)) return;
    if (item && /\.output_item\.(?:added|done)$|\.turn\.item\.(?:added|done)$/.test(type))
      takeItem(draft, item, keyOf(of, event.output_index), type.endsWith("done"));
    else if (response) takeResponse(draft, response);
    else if (type === "response.image_generation_call.partial_image")
      takeImage(
        draft,
        event.partial_image_b64,
        keyOf(of, event.output_index),
        event.output_format,
        true,
      );
    else if (/^image_(?:generation|edit)\./.test(type)) {
      const index = numberOf(event.index) ?? 0;
      takeImage(draft, event.b64_json, `image ${index}`, event.output_format, !isLast(type));
    } else if (/^(?:transcript\.text|speech\.audio)\./.test(type)) takeSound(draft, type, event);
    else if (type.includes("input_audio_transcription.") || type.includes("input_transcript."))
      takeHeard(draft, type, event);
    if (fieldsOf(event.usage)) draft.message.usage = event.usage;
    if (isLast(type)) draft.message.isClosed = true;
  }
}

/** Whether an event of this type is the last one of what was asked. */
function isLast(type: string): boolean {
  return /^response\.(?:completed|failed|incomplete|done)$|^image_(?:generation|edit)\.completed$|^(?:transcript\.text|speech\.audio)\.done$|^agent\.session\.idle$/.test(
    type,
  );
}

function takeSound(draft: Draft, type: string, event: Fields): void {
  if (type === "transcript.text.delta") draft.say("text", "transcript", event.delta);
  else if (type === "transcript.text.segment" && typeof event.text === "string")
    draft.words("text", `segment ${textOf(event.id)}`).text = speakerOf(event) + event.text.trim();
  // A transcript with speakers came in segments.
  else if (type === "transcript.text.done" && draft.message.items.length < 2)
    draft.settle("text", "transcript", event.text);
  else if (type === "speech.audio.delta" && typeof event.audio === "string")
    draft.media("audio", "speech", mimeOfAudio(draft.audioFormat)).base64.push(event.audio);
}

export function speakerOf({ speaker }: Fields): string {
  return typeof speaker === "string" ? `${speaker}: ` : "";
}

/** What the user said, as a realtime session heard it. */
function takeHeard(draft: Draft, type: string, event: Fields): void {
  const of = `${textOf(event.item_id)}/${numberOf(event.content_index) ?? 0}`;
  if (type.endsWith(".delta")) draft.say("heard", of, event.delta);
  else draft.settle("heard", of, event.transcript);
}

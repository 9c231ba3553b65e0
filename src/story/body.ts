import { speakerOf } from "./assemble.ts";
import { takeChoices } from "./chat.ts";
import { Draft } from "./draft.ts";
import { type Fields, fieldsOf, objectsOf, parseJson, stringOf } from "./json.ts";
import type { Media, Message } from "./message.ts";
import { takeImage, takeResponse } from "./output.ts";
import { takeContent, takeRun } from "./runs.ts";

const decoder = new TextDecoder();

/** What an answer says that is no stream. `type`: its media type. */
export function readBody(type: string, bytes: Uint8Array): Message {
  const draft = new Draft();
  const { message } = draft;
  message.isClosed = true;
  const [, kind] = /^(image|audio|video)\//i.exec(type) ?? [];
  if (kind) draft.media(kind.toLowerCase() as Media["kind"], "body", type).bytes = bytes;
  else if (/json/i.test(type)) takeJson(draft, decoder.decode(bytes));
  else if (/^text\//i.test(type)) draft.settle("text", "body", decoder.decode(bytes));
  return message;
}

function takeJson(draft: Draft, text: string): void {
  if (text.trim() === "") return;
  const value = parseJson(text);
  const fields = fieldsOf(value);
  if (value === undefined)
    draft.message.problems.push(`The body cannot be read as JSON. ${faultIn(text)}`);
  if (fields) takeFields(draft, fields);
}

function faultIn(text: string): string {
  try {
    JSON.parse(text);
    return "It is nested too deep.";
  } catch (error) {
    return (error as Error).message;
  }
}

function takeFields(draft: Draft, body: Fields): void {
  draft.fail(body.error);
  const object = stringOf(body.object) ?? "";
  if (Array.isArray(body.choices)) takeChoices(draft, body);
  else if (Array.isArray(body.output)) takeResponse(draft, body);
  else if (object === "thread.message") takeContent(draft, body, body.content, false);
  else if (object === "thread.run") takeRun(draft, body);
  else if (typeof body.text === "string") takeTranscript(draft, body);
  else takeImages(draft, body);
  draft.describe({ usage: body.usage, model: body.model });
}

function takeTranscript(draft: Draft, { text, segments }: Fields): void {
  const spoken = objectsOf(segments).filter(({ speaker }) => typeof speaker === "string");
  const lines = spoken.map((one) => speakerOf(one) + (stringOf(one.text) ?? "").trim());
  draft.settle("text", "transcript", lines.length > 0 ? lines.join("\n") : text);
}

function takeImages(draft: Draft, body: Fields): void {
  for (const [index, image] of objectsOf(body.data).entries()) {
    const of = `image ${index}`;
    if (image.b64_json) takeImage(draft, image.b64_json, of, body.output_format, false);
    else if (typeof image.url === "string" && !image.object)
      draft.media("image", of, "image/png").url = image.url;
  }
}

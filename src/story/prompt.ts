import type { StreamEvent } from "./events.ts";
import { readForm } from "./form.ts";
import { type Fields, fieldsOf, parseJson, stringOf, textOf } from "./json.ts";
import { partsOf } from "./parts.ts";

/** What a request asks, in one form for all operations. */
export type Prompt = {
  model?: string;
  /** All that is not part of the prompt: names and values as JSON. */
  parameters: [name: string, value: string][];
  parts: PromptPart[];
  /** What could not be read, in words. */
  problem?: string;
};

/** A piece of what the model reads. */
export type PromptPart = {
  /** Where it stands in the request: `messages[0].content[1]`. */
  path: string;
  /** `system`, `developer`, `user`, `assistant`, `tool`; `tools` of those that may be called. */
  role: string;
  kind: "text" | "image" | "audio" | "file" | "call" | "result" | "tool" | "other";
  text: string;
  /** Of a tool, a call or a file; of a result the id of its call. */
  name?: string;
};

const decoder = new TextDecoder();

/** Reads a request's body; `contentType` without its Content-Encoding, which was undone. */
export async function readPrompt(contentType: string, body: Uint8Array): Promise<Prompt> {
  if (body.length === 0) return { parameters: [], parts: [] };
  if (/^\s*multipart\//i.test(contentType)) return readForm(contentType, body);
  const text = decoder.decode(body);
  const fields = fieldsOf(parseJson(text));
  if (fields) return toPrompt(fields);
  if (!/json/i.test(contentType) && contentType !== "") return { parameters: [], parts: [] };
  return { parameters: [], parts: [], problem: "The body is no JSON object." };
}

/** What a client says in a WebSocket. */
export function readFrames(events: readonly StreamEvent[]): Prompt {
  const prompt: Prompt = { parameters: [], parts: [] };
  for (const { data } of events.filter(({ side }) => side === "asked")) {
    const event = fieldsOf(parseJson(data)) ?? {};
    const body = fieldsOf(event.session) ?? fieldsOf(event.response) ?? event;
    const item = fieldsOf(event.item);
    if (event.type === "conversation.item.create" && item)
      prompt.parts.push(...partsOf({ input: [item] }));
    else if (
      /^(?:response\.create|session\.update|transcription_session\.update)$/.test(`${event.type}`)
    ) {
      const { model, parameters, parts } = toPrompt(body);
      if (model !== undefined) prompt.model = model;
      prompt.parameters.push(...parameters.filter(([name]) => name !== "type"));
      prompt.parts.push(...parts);
    }
  }
  return prompt;
}

/** Fields that hold what the model reads. */
const read =
  /^(?:model|messages|additional_messages|input|instructions|additional_instructions|tools|functions|prompt|thread)$/;

export function toPrompt(body: Fields): Prompt {
  const model = stringOf(body.model);
  const isPrompt = (name: string) =>
    read.test(name) && !(name === "prompt" && fieldsOf(body.prompt));
  return {
    ...(model !== undefined && { model }),
    parameters: Object.entries(body)
      .filter(([name]) => !isPrompt(name))
      .map(([name, value]) => [name, textOf(value)]),
    parts: partsOf({ ...body, ...fieldsOf(body.thread) }),
  };
}

/** What sound was asked for as, in chats and in speech. */
export function audioFormatOf({ parameters }: Prompt): string | undefined {
  const values = new Map(parameters);
  const audio = fieldsOf(parseJson(values.get("audio") ?? ""));
  const format = stringOf(audio?.format) ?? values.get("response_format");
  return format !== undefined && /^[a-z0-9]+$/.test(format) ? format : undefined;
}

import type { Call } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";
import {
  answerOf,
  bytesOf,
  type Captured,
  notCaptured,
  promptOf,
  readCaptured,
} from "../show/captured.ts";
import type { Answer } from "../story/answer.ts";
import { callsOf, wordsOf } from "../story/message.ts";
import { textIn } from "../story/text.ts";

/** Throws where nothing was captured. */
export async function capturedOf(reader: Reader, call: Call): Promise<Captured> {
  const captured = await readCaptured(reader, call);
  if (captured) return captured;
  throw new Error(notCaptured(call));
}

export async function readAnswer(captured: Captured): Promise<Answer> {
  return answerOf(captured, await promptOf(captured));
}

/** What was asked, as text; empty where it is none. */
export function askedText({ asked }: Captured): string {
  return textIn(bytesOf(asked)) ?? "";
}

/** What was answered: of a stream, where words are cut into events, what the model said and called. */
export async function answeredText(captured: Captured): Promise<string> {
  const { message, hasEvents } = await readAnswer(captured);
  if (!hasEvents) return textIn(bytesOf(captured.answered)) ?? "";
  const calls = callsOf(message).map(({ name, arguments: text }) => `${name}(${text})`);
  return [wordsOf(message), ...calls].filter(Boolean).join("\n\n");
}

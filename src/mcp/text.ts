import type { Call } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";
import { callsOf, wordsOf } from "../story/message.ts";
import { answerOf, bodyOf, toText } from "./bodies.ts";

/** What was asked, as text; empty where it is none. */
export function askedText(reader: Reader, call: Call): string {
  return toText(bodyOf(reader, call, "asked").bytes) ?? "";
}

/** What was answered: of a stream, where words are cut into events, what the model said and called. */
export function answeredText(reader: Reader, call: Call): string {
  const { message, hasEvents } = answerOf(reader, call);
  if (!hasEvents) return toText(bodyOf(reader, call, "answered").bytes) ?? "";
  const calls = callsOf(message).map(({ name, arguments: text }) => `${name}(${text})`);
  return [wordsOf(message), ...calls].filter(Boolean).join("\n\n");
}

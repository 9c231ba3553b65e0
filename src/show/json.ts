import type { Call } from "../journal/call.ts";
import type { Answer } from "../story/answer.ts";
import { bytesOf as bytesOfMedia } from "../story/media.ts";
import type { Message } from "../story/message.ts";
import type { Prompt } from "../story/prompt.ts";
import { toTimeline } from "../story/timeline.ts";
import { bytesOf, type Captured, eventsOf } from "./captured.ts";

/** All of a call for programs. */
export function toJson(call: Call, captured?: Captured, prompt?: Prompt, answer?: Answer): object {
  const times = captured?.answered.map(({ at }) => at);
  const timeline = toTimeline(call, times);
  if (!captured || !answer) return { version: 1, call, timeline };
  const { heads, asked, answered, problems } = captured;
  const isBody = call.kind === "http";
  return {
    ...{ version: 1, call, timeline, heads, prompt, message: withoutBytes(answer.message) },
    ...(answer.hasEvents && {
      events: eventsOf(captured, answer).map(({ raw, ...event }) => event),
    }),
    ...(isBody && { request: toBody(bytesOf(asked)) }),
    ...(isBody && !answer.hasEvents && { answer: toBody(bytesOf(answered)) }),
    problems,
  };
}

/** Pictures and sounds by their sizes. */
function withoutBytes(message: Message): object {
  const items = message.items.map((item) => {
    if (!("mime" in item)) return item;
    const { base64, bytes, ...rest } = item;
    return { ...rest, bytes: bytesOfMedia(item).length };
  });
  return { ...message, items };
}

function toBody(bytes: Uint8Array): object {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

import { ExitError } from "../exit.ts";
import type { Call, HeaderPairs, Heads, Side, Slice } from "../journal/call.ts";
import { decodedSlices } from "../journal/decoded.ts";
import type { Reader } from "../journal/reader.ts";
import { Answer } from "../story/answer.ts";
import { EventReader, inOrder, joined, type StreamEvent } from "../story/events.ts";
import { audioFormatOf, type Prompt, readFrames, readPrompt } from "../story/prompt.ts";

/** A call with all that was captured of it, its bodies without their Content-Encoding. */
export type Captured = {
  call: Call;
  heads: Heads;
  asked: Slice[];
  answered: Slice[];
  /** What is not whole or could not be unpacked, in sentences. */
  problems: string[];
};

/** Throws an `ExitError` where there is no such call. */
export function findCall(reader: Pick<Reader, "find">, id: string): Call {
  const call = reader.find(id);
  if (call) return call;
  const what =
    id === "last"
      ? "There is no call in the journal yet."
      : `There is no call "${id}" in the journal, or several begin so. "relay logs" lists them.`;
  throw new ExitError(1, what);
}

/** What there is of a call besides the journal's line; `undefined`: it was not captured. */
export async function readCaptured(reader: Reader, call: Call): Promise<Captured | undefined> {
  const heads = reader.heads(call.seq);
  if (!heads) return undefined;
  const problems: string[] = [];
  const read = async (side: Side, whole: number) => {
    const kept = reader.slices(call.seq, side).slices;
    const bytes = sizeOf(kept);
    const name = side === "asked" ? "request" : "answer";
    if (call.kind === "http" && call.ending !== undefined && bytes < whole)
      problems.push(`Of the ${name}, ${bytes} of ${whole} bytes were kept (captureBody).`);
    if (call.kind === "websocket") return kept;
    const { slices, problem } = await decodedSlices(heads[side], kept);
    if (problem !== undefined) problems.push(`Of the ${name}: ${problem}.`);
    return slices;
  };
  const asked = await read("asked", call.bytesIn);
  return { call, heads, asked, answered: await read("answered", call.bytesOut), problems };
}

/** For those who cannot do without. */
export function notCaptured({ seq }: Call): string {
  return `Call ${seq} was not captured, so its headers and bodies are not known. Start the relay with "--capture", and make the call once more.`;
}

export function headerOf(pairs: HeaderPairs | undefined, name: string): string {
  return pairs?.find(([one]) => one.toLowerCase() === name)?.[1] ?? "";
}

export function sizeOf(slices: readonly Slice[]): number {
  return slices.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

export function bytesOf(slices: readonly Slice[]): Uint8Array {
  return joined(slices.map(({ bytes }) => bytes));
}

export async function promptOf({ call, heads, asked }: Captured): Promise<Prompt> {
  if (call.kind === "websocket") return readFrames(eventsIn(asked));
  return readPrompt(headerOf(heads.asked, "content-type"), bytesOf(asked));
}

export function answerOf({ call, heads, answered }: Captured, prompt: Prompt): Answer {
  const audioFormat = audioFormatOf(prompt);
  const answer = new Answer({
    contentType: headerOf(heads.answered, "content-type"),
    isWebSocket: call.kind === "websocket",
    ...(audioFormat !== undefined && { audioFormat }),
  });
  answer.push(answered);
  if (call.ending !== undefined) answer.end();
  return answer;
}

/** Events of the answer, or the messages of both sides of a WebSocket. */
export function eventsOf({ call, asked }: Captured, { events }: Answer): StreamEvent[] {
  return call.kind === "websocket" ? inOrder(eventsIn(asked), events) : events;
}

function eventsIn(asked: readonly Slice[]): StreamEvent[] {
  const reader = new EventReader("asked");
  return asked.flatMap((slice) => reader.push(slice));
}

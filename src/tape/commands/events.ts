import { headerOf } from "../../header-list.ts";
import { decoded } from "../body.ts";
import { toBytes } from "../bytes.ts";
import type { Entry } from "../entry.ts";

/** A header of the answer. */
export function answerHeader({ head }: Entry, name: string): string | undefined {
  return headerOf(head.headers.flat(), name);
}

/** The body of an answer in one piece and without its Content-Encoding, where that can be undone. */
export async function bodyOf(entry: Entry): Promise<Buffer> {
  const slices = entry.parts.flatMap((part) => {
    return "from" in part ? [] : [toBytes(part)];
  });
  const body = Buffer.concat(slices);
  return (await decoded(body, answerHeader(entry, "content-encoding"))) ?? body;
}

export function isEventStream(entry: Entry): boolean {
  return /^text\/event-stream/i.test(answerHeader(entry, "content-type") ?? "");
}

/** What the events of a stream say: JSON as values, all else as text. */
export function eventsIn(stream: string): unknown[] {
  return stream.split(/\r?\n\r?\n/).flatMap((event) => {
    const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
    if (lines.length === 0) return [];
    const data = lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
    return [parsed(data) ?? data];
  });
}

/** The value of a JSON text; `undefined`: it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

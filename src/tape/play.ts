import { setImmediate as nextTurn } from "node:timers/promises";
import { tapeEnds } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";
import { toBytes } from "./bytes.ts";
import type { Head, HeaderPairs, Line } from "./entry.ts";
import type { Pace } from "./pace.ts";

/** Answers with the lines of a tape: the same slices, and the same end. */
export async function play(
  lines: AsyncIterable<Line>,
  reply: Reply,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  for await (const line of lines) {
    if ("at" in line) await pace.until(line.at, signal);
    if (reply.over) return;
    if ("interim" in line) reply.inform(line.interim, line.reason, toList(line.headers));
    else if ("status" in line) reply.head(line.status, line.reason, toList(line.headers));
    else if ("end" in line) {
      if (line.end === "complete") reply.end(line.trailers && toList(line.trailers));
      else reply.fail(tapeEnds(`The recorded answer ended here (${line.end}).`));
      return;
    } else if ("text" in line || "base64" in line) await say(reply, toBytes(line), signal);
  }
  reply.fail(tapeEnds("The file of the recording has no end."));
}

/** One slice, which leaves before the next one comes. */
async function say(reply: Reply, bytes: Buffer, signal: AbortSignal): Promise<void> {
  if (reply.data(bytes)) return nextTurn();
  const { promise, resolve } = Promise.withResolvers<void>();
  reply.onDrain = resolve;
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

export function toList(pairs: HeaderPairs): HeaderList {
  return pairs.flat();
}

/** The lines up to the head: what comes before it is not for WebSockets. */
export async function headOf(lines: AsyncGenerator<Line>): Promise<Head | undefined> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) return undefined;
    if ("status" in value) return value;
  }
}

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { tapeEnds } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { toBytes } from "./bytes.ts";
import type { Head, HeaderPairs, Line } from "./entry.ts";
import { TapeError } from "./lines.ts";
import type { Pace } from "./pace.ts";

/** How long a client may take to leave where the recorded one did. */
const patienceMs = 1_000;

/**
 * Answers with the lines of a tape: the same slices, and the same end. `onShort`: the recorded client left
 * here, and this one waits for more than there is.
 */
export async function play(
  lines: AsyncIterable<Line>,
  reply: Reply,
  pace: Pace,
  signal: AbortSignal,
  onShort: () => void = () => {},
): Promise<void> {
  /** Bytes that Content-Length leaves room for. */
  let room = Number.POSITIVE_INFINITY;
  for await (const line of lines) {
    if ("at" in line) await pace.until(line.at, signal);
    if (reply.over) return;
    if ("interim" in line) reply.inform(line.interim, line.reason, toList(line.headers));
    else if ("status" in line) {
      const headers = toList(line.headers);
      room = Number(headerOf(headers, "content-length") ?? room);
      reply.head(line.status, line.reason, headers);
    } else if ("end" in line) {
      const hasLeft = line.end === "client_left";
      if (hasLeft) await sleep(patienceMs, undefined, { signal }).catch(() => {});
      if (reply.over) return;
      if (hasLeft) onShort();
      if (line.end === "complete") reply.end(line.trailers && toList(line.trailers));
      else reply.fail(tapeEnds(`The recorded answer ended here (${line.end}).`));
      return;
    } else if ("text" in line || "base64" in line) {
      const bytes = toBytes(line);
      room -= bytes.length;
      // The client would take the rest for the next answer.
      if (room < 0) throw new TapeError("A recording has more bytes than its Content-Length says.");
      await say(reply, bytes, signal);
    }
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

import type { Ending } from "../exchange.ts";
import type { Found } from "../usage/found.ts";
import type { Times } from "./call.ts";
import type { CapturedHeads } from "./heads.ts";

/** What the main thread knows of a call at a moment; each note says all of it, so that one may be lost. */
export type Note = {
  /** Of the call, in this process. */
  number: number;
  id: string;
  isWebSocket: boolean;
  startedAt: number;
  method: string;
  path: string;
  model: string | undefined;
  client: string | undefined;
  tag: string | undefined;
  again: string | undefined;
  traceparent: string | undefined;
  isStream: boolean;
  status: number;
  ending: Ending | undefined;
  error: string | undefined;
  errorMessage: string | undefined;
  bytesIn: number;
  bytesOut: number;
  slices: number;
  times: Times;
  /** Content-Encoding of the answer, or `permessage-deflate`: its bytes have to be read in the thread. */
  coding: string | undefined;
  /** What was read of the answer's cost, unless that is up to the thread. */
  found: Found | undefined;
  /** With `capture`, once the request is known, and once more with the answer's head. */
  heads: CapturedHeads | undefined;
  /** Not all of its bytes had room. */
  isCut: boolean;
};

/** Notes as they are sent to the thread: two plain lists cost a quarter of what objects would. */
export type Packed = { numbers: number[]; texts: (string | undefined)[] };

const timeNames = [
  ...([
    "sent",
    "connect",
    "head",
    "firstSlice",
    "lastSlice",
    "longestGap",
    "gapAt",
    "end",
  ] as const),
];

const webSocket = 1;
const stream = 2;
const hasFound = 4;
const closed = 8;
const cut = 16;

export function pack(notes: readonly Note[]): Packed {
  const numbers: number[] = [];
  const texts: Packed["texts"] = [];
  for (const note of notes) {
    const { times, found, heads } = note;
    const flags =
      (note.isWebSocket ? webSocket : 0) |
      (note.isStream ? stream : 0) |
      (found ? hasFound : 0) |
      (found?.isClosed ? closed : 0) |
      (note.isCut ? cut : 0);
    numbers.push(note.number, flags, note.startedAt, note.status);
    numbers.push(note.bytesIn, note.bytesOut, note.slices);
    for (const name of timeNames) numbers.push(times[name] ?? Number.NaN);
    texts.push(note.id, note.method, note.path, note.model, note.client, note.tag, note.again);
    texts.push(note.ending, note.error, note.errorMessage, note.coding, note.traceparent);
    texts.push(found?.usage, found?.model, found?.tier, heads && JSON.stringify(heads));
  }
  return { numbers, texts };
}

/** The notes that were packed, in the order of `pack`. */
export function* unpack({ numbers, texts }: Packed): Generator<Note> {
  let n = 0;
  let t = 0;
  const number = () => numbers[n++]!;
  const text = () => texts[t++];
  while (n < numbers.length) {
    const own = number();
    const flags = number();
    const [startedAt, status] = [number(), number()];
    const [bytesIn, bytesOut, slices] = [number(), number(), number()];
    const times: Times = {};
    for (const name of timeNames) {
      const ms = number();
      if (!Number.isNaN(ms)) times[name] = Math.round(ms * 100) / 100;
    }
    const [id, method, path] = [text()!, text()!, text()!];
    const [model, client, tag, again] = [text(), text(), text(), text()];
    const [ending, error, errorMessage] = [text(), text(), text()];
    const [coding, traceparent] = [text(), text()];
    const found = toFound(flags, text(), text(), text());
    const heads = text();
    yield {
      ...{ number: own, id, startedAt, method, path, model, client, tag, again, status },
      ...{ bytesIn, bytesOut, slices, times, error, errorMessage, coding, traceparent, found },
      isWebSocket: (flags & webSocket) !== 0,
      isCut: (flags & cut) !== 0,
      isStream: (flags & stream) !== 0,
      ending: ending as Ending | undefined,
      heads: heads === undefined ? undefined : (JSON.parse(heads) as CapturedHeads),
    };
  }
}

function toFound(
  flags: number,
  usage: string | undefined,
  model: string | undefined,
  tier: string | undefined,
): Found | undefined {
  if ((flags & hasFound) === 0) return undefined;
  return {
    isClosed: (flags & closed) !== 0,
    ...(usage !== undefined && { usage }),
    ...(model !== undefined && { model }),
    ...(tier !== undefined && { tier }),
  };
}

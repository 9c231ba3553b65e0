import type { Fault, Point } from "../config/fault-catalogue.ts";
import { type Block, EventCutter } from "./events.ts";
import { errorEvent, isClosing, unknownEvent } from "./made-events.ts";
import type { Alter, Alteration, Step } from "./steps.ts";

/** Event streams. */
export const stream = /^text\/event-stream/i;
const text = /^text\/|json/i;

/** What a fault does with an answer that has begun; `undefined`: it is not one of those that do. */
export function alterationOf(fault: Fault): Alteration | undefined {
  switch (fault.name) {
    case "slow-head":
      return { start: () => (chunk) => (chunk ? [chunk] : []) };
    case "stall":
      return {
        ...after(fault.args.after, [{ kind: "wait", ms: fault.args.for }]),
        resizes: false,
      };
    case "cut": {
      const { after: point, how } = fault.args;
      return { ...after(point, [{ kind: "end", how }]), resizes: how === "clean" };
    }
    case "error-event":
      return inEvents((block, hasNames) =>
        block.number === fault.args.after
          ? [block.bytes, errorEvent(hasNames, block.number), { kind: "end", how: "clean" }]
          : undefined,
      );
    case "unknown-event":
      return inEvents((block, hasNames) =>
        block.number === fault.args.after
          ? [block.bytes, unknownEvent(hasNames, block.number)]
          : undefined,
      );
    case "duplicate-event":
      return inEvents(({ number, bytes }) =>
        number === fault.args.at ? [bytes, bytes] : undefined,
      );
    case "no-done":
      return inEvents(({ bytes }) => (isClosing(bytes) ? [] : undefined));
    case "crlf":
      return inEvents(({ bytes }) => [withCrLf(bytes)]);
    case "corrupt-json":
      return corrupting(fault.args.at);
    case "split-utf8":
      return { types: text, start: (struck) => slicing(betweenBytes, struck) };
    case "drip":
      return { start: (struck) => slicing((chunk) => every(chunk, fault.args.bytes), struck) };
    default:
      return undefined;
  }
}

/** Lets an answer pass up to a point, and does something there, once. */
function after({ unit, count }: Point, steps: Step[]): Alteration {
  if (unit === "bytes" || count === 0)
    return { start: (struck) => afterBytes(count, steps, struck) };
  return inEvents(({ number, bytes }) => (number === count ? [bytes, ...steps] : undefined));
}

function afterBytes(count: number, steps: Step[], struck: () => void): Alter {
  let left = count;
  let isDone = false;
  return function* alter(chunk) {
    if (chunk === null) return;
    if (isDone || chunk.length <= left) {
      left -= chunk.length;
      yield chunk;
      return;
    }
    isDone = true;
    yield chunk.subarray(0, left);
    struck();
    yield* steps;
    yield chunk.subarray(left);
  };
}

/** Replaces blocks of an event stream, where `change` says by what. */
function inEvents(change: (block: Block, hasNames: boolean) => Step[] | undefined): Alteration {
  return {
    types: stream,
    resizes: true,
    start(struck) {
      const cutter = new EventCutter();
      let hasNames = false;
      return function* alter(chunk) {
        if (chunk === null) {
          yield cutter.rest();
          return;
        }
        for (const block of cutter.write(chunk)) {
          hasNames ||= /^event:/m.test(block.bytes.toString("latin1", 0, 256));
          const changed = change(block, hasNames);
          if (changed) struck();
          yield* changed ?? [block.bytes];
        }
      };
    },
  };
}

/** Turns a bracket into one of the other kind: no length changes, and no JSON has both. */
function corrupting(at: number): Alteration {
  return {
    types: text,
    start(struck, isStream) {
      const cutter = new EventCutter();
      let isDone = false;
      const corrupt = (bytes: Buffer) => {
        const start = bytes.findIndex((byte) => byte === 0x7b || byte === 0x5b);
        if (start < 0) return bytes;
        isDone = true;
        struck();
        const other = Buffer.from(bytes);
        other[start] = bytes[start] === 0x7b ? 0x5b : 0x7b;
        return other;
      };
      return function* alter(chunk) {
        if (chunk === null) yield cutter.rest();
        else {
          if (!isStream) yield isDone ? chunk : corrupt(chunk);
          else
            for (const { bytes, number } of cutter.write(chunk))
              yield number === at ? corrupt(bytes) : bytes;
        }
      };
    },
  };
}

/** Cuts what comes, each piece a slice of its own. */
function slicing(cut: (chunk: Buffer) => Iterable<Buffer>, struck: () => void): Alter {
  return function* alter(chunk) {
    let pieces = 0;
    for (const piece of chunk ? cut(chunk) : []) {
      if (pieces++ === 1) struck();
      yield piece;
      yield { kind: "slice" };
    }
  };
}

/** Behind the first byte of each character that has several. */
function* betweenBytes(chunk: Buffer): Generator<Buffer> {
  let start = 0;
  for (let i = 0; i < chunk.length; i++) {
    if (chunk[i]! < 0xc0) continue;
    yield chunk.subarray(start, i + 1);
    start = i + 1;
  }
  if (start < chunk.length) yield chunk.subarray(start);
}

function withCrLf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replace(/\r?\n/g, "\r\n"), "latin1");
}

function* every(chunk: Buffer, bytes: number): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += bytes) yield chunk.subarray(at, at + bytes);
}

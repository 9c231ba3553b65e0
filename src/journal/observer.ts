import type { Config } from "../config/settings.ts";
import type { Exchange, Observer } from "../exchange.ts";
import { reach } from "../scrub.ts";
import { own } from "../server/router.ts";
import { stamp } from "../stamp.ts";
import { toHeads, withAnswer } from "./heads.ts";
import { Live } from "./live.ts";
import { modelReach, sides } from "./pieces.ts";
import type { Queue } from "./queue.ts";

/** Tells the queue of every exchange, and of bytes that somebody wants to see. */
export function createObserver(
  { capture, captureBody }: Pick<Config, "capture" | "captureBody">,
  queue: Queue,
): Observer {
  const lives = new Map<Exchange, Live>();
  let number = 0;
  // With what follows, in which a secret may end.
  const kept = captureBody + reach;
  const most = capture ? Math.max(kept, modelReach) : modelReach;

  function received(live: Live, piece: Buffer): void {
    const part = within(live, 0, piece, most);
    if (part) queue.add(live, sides.asked, stamp().now - live.exchange.startedAt, part);
    const rest = piece.length - (part?.length ?? 0);
    if (rest > 0) live.askedEnd = endOf(live.askedEnd, piece.subarray(-rest));
  }

  /** What a request ends with, as far as it has come. */
  function addEnd(live: Live): void {
    if (live.askedEnd) queue.add(live, sides.askedEnd, 0, live.askedEnd);
    live.askedEnd = undefined;
  }

  return {
    asked(exchange) {
      // The relay's own paths are no calls.
      if (exchange.target.startsWith(own) || !queue.hasRoom()) return;
      const live = new Live(++number, exchange);
      if (capture) live.heads = toHeads(exchange);
      lives.set(exchange, live);
      queue.begin(live);
      // Of what begins in the relay itself it is there already.
      if (Buffer.isBuffer(exchange.body)) received(live, exchange.body);
    },
    received(exchange, piece) {
      const live = lives.get(exchange);
      if (live) received(live, piece);
    },
    answered(exchange, status, headers) {
      const live = lives.get(exchange);
      if (!live) return;
      live.answered(status, headers);
      if (live.heads) live.heads = withAnswer(live.heads, headers);
      addEnd(live);
      queue.tell(live);
    },
    chunk(exchange, chunk) {
      const live = lives.get(exchange);
      if (!live) return;
      const at = live.chunk(chunk);
      if (live.isReadLater) queue.add(live, sides.answered, at, chunk);
      else if (capture) queue.add(live, sides.answered, at, within(live, 1, chunk, kept));
    },
    passed(exchange, from, bytes) {
      const live = lives.get(exchange);
      if (!live) return;
      const at = live.passed(from, bytes);
      if (from === "upstream") queue.add(live, sides.answered, at, bytes);
      else queue.add(live, sides.asked, at, capture ? bytes : within(live, 0, bytes, modelReach));
    },
    ended(exchange, outcome) {
      const live = lives.get(exchange);
      if (!live) return;
      lives.delete(exchange);
      addEnd(live);
      live.ended(outcome);
      queue.end(live);
    },
  };
}

/** As much of the bytes as a side may still have. */
function within(live: Live, side: 0 | 1, bytes: Buffer, most: number): Buffer | undefined {
  const left = most - live.shipped[side]!;
  live.shipped[side]! += bytes.length;
  if (left >= bytes.length) return bytes;
  return left > 0 ? bytes.subarray(0, left) : undefined;
}

function endOf(before: Buffer | undefined, bytes: Buffer): Buffer {
  const whole = before && bytes.length < modelReach ? Buffer.concat([before, bytes]) : bytes;
  return whole.subarray(-modelReach);
}

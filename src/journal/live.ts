import type { Exchange, HeaderList, Outcome } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { pathOf, toPrintable } from "../observe/request-line.ts";
import { stamp } from "../stamp.ts";
import { UsageTap } from "../usage/tap.ts";
import { mayReportUsage } from "../usage/usage-of.ts";
import type { Times } from "./call.ts";
import type { CapturedHeads } from "./heads.ts";
import type { Note } from "./note.ts";

/** An exchange while it lasts, counted; of what passes nothing is kept here. */
export class Live {
  readonly number: number;
  readonly exchange: Exchange;
  /** Content-Encoding of the answer, or a WebSocket's compression: what needs undoing is read in the thread. */
  coding: string | undefined;
  /** Whether the thread has to see the answer's bytes to know what it cost. */
  isReadLater = false;
  isWebSocket = false;
  /** Whether something of it had no room. */
  isCut = false;
  /** Whether it is to be told of in the next batch. */
  isDue = false;
  heads: CapturedHeads | undefined;
  /** Bytes that the thread was given of the request and of the answer. */
  shipped = [0, 0];
  /** The end of a request's body that is not given whole. */
  askedEnd: Buffer | undefined;

  #startedAt: number;
  #tag: string | undefined;
  #again: string | undefined;
  #traceparent: string | undefined;
  #isStream = false;
  #status = 0;
  #slices = 0;
  #turn = -1;
  /** Of a WebSocket; of a body the exchange knows. */
  #bytesIn = 0;
  #bytesOut = 0;
  #times: Times = {};
  #tap: UsageTap | undefined;
  #toldSlices = 0;
  #outcome: Outcome | undefined;

  constructor(number: number, exchange: Exchange) {
    this.number = number;
    this.exchange = exchange;
    this.#startedAt = Math.round(Date.now() - (performance.now() - exchange.startedAt));
    // Now, before anybody edits them.
    this.#tag = textOf(exchange, "x-relay-tag");
    this.#again = textOf(exchange, "x-relay-again");
    this.#traceparent = headerOf(exchange.headers, "traceparent");
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  /** Whether slices have come since the last note. */
  get hasNews(): boolean {
    return this.#slices !== this.#toldSlices;
  }

  answered(status: number, headers: HeaderList): void {
    this.#status = status;
    this.#times.head = this.#now();
    if (status === 101) {
      this.isWebSocket = true;
      const extensions = headerOf(headers, "sec-websocket-extensions") ?? "";
      if (/permessage-deflate/i.test(extensions)) this.coding = "permessage-deflate";
      return;
    }
    this.#isStream = /^text\/event-stream/i.test(headerOf(headers, "content-type") ?? "");
    const coding = headerOf(headers, "content-encoding")?.trim().toLowerCase();
    if (coding !== undefined && coding !== "identity") this.coding = coding;
    else if (this.#isStream) this.#tap = new UsageTap("events");
    // To copy a body costs less than to look for something in it. A stream would be copied all day.
    this.isReadLater = !this.#tap && (this.#isStream || this.#mayReportUsage);
  }

  get #mayReportUsage(): boolean {
    return mayReportUsage(this.exchange.method, this.exchange.target.split("?", 1)[0]!);
  }

  /** A slice of the answer. Returns when it came. */
  chunk(bytes: Buffer): number {
    this.#tap?.chunk(bytes);
    this.#bytesOut += bytes.length;
    return this.#slice();
  }

  /** What a side of a WebSocket said. Returns when. */
  passed(from: "client" | "upstream", bytes: Buffer): number {
    if (from === "client") this.#bytesIn += bytes.length;
    else this.#bytesOut += bytes.length;
    return this.#slice();
  }

  ended(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#status = outcome.status;
    this.#bytesOut = outcome.bytesOut;
    this.#times.end = outcome.durationMs;
  }

  note(): Note {
    const { exchange } = this;
    const outcome = this.#outcome;
    this.#toldSlices = this.#slices;
    const times = this.#times;
    if (exchange.sentAt !== undefined) times.sent = exchange.sentAt - exchange.startedAt;
    if (exchange.connectMs !== undefined) times.connect = exchange.connectMs;
    return {
      number: this.number,
      id: exchange.id,
      isWebSocket: this.isWebSocket,
      startedAt: this.#startedAt,
      method: exchange.method,
      path: pathOf(exchange.target),
      model: exchange.fields?.model ?? modelInQuery(exchange.target),
      client: exchange.client,
      tag: this.#tag,
      again: this.#again,
      traceparent: this.#traceparent,
      isStream: this.#isStream,
      status: this.#status,
      ending: outcome?.ending,
      error: outcome?.error?.code,
      errorMessage: outcome?.error && toPrintable(outcome.error.message),
      bytesIn: exchange.bytesIn || this.#bytesIn,
      bytesOut: this.#bytesOut,
      slices: this.#slices,
      times,
      coding: this.coding,
      // What the client was not shown, others have read.
      found: outcome && (exchange.usage ?? this.#tap?.found()),
      heads: this.heads,
      isCut: this.isCut,
    };
  }

  /** What came in one turn of the event loop is one slice. */
  #slice(): number {
    const { turn, now } = stamp();
    const at = now - this.exchange.startedAt;
    if (turn === this.#turn) return at;
    this.#turn = turn;
    const times = this.#times;
    const gap = at - (times.lastSlice ?? at);
    if (this.#slices++ === 0) times.firstSlice = at;
    else if (gap > (times.longestGap ?? -1)) {
      times.longestGap = gap;
      times.gapAt = times.lastSlice!;
    }
    times.lastSlice = at;
    return at;
  }

  #now(): number {
    return performance.now() - this.exchange.startedAt;
  }
}

/** What a header of ours says, in as many characters as are kept. */
function textOf({ headers }: Exchange, name: string): string | undefined {
  const value = headerOf(headers, name);
  return value === undefined ? undefined : toPrintable(value.slice(0, 128));
}

/** Where WebSockets name their model. */
function modelInQuery(target: string): string | undefined {
  const start = target.indexOf("?");
  if (start < 0) return undefined;
  return new URLSearchParams(target.slice(start)).get("model")?.slice(0, 128);
}

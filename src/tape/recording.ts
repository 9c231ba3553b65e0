import type { Exchange, HeaderList } from "../exchange.ts";
import { headerOf, without } from "../header-list.ts";
import { notKept } from "../kept-headers.ts";
import { type Scrub, withCredentials } from "../scrub.ts";
import { type Stamp, stamp } from "../stamp.ts";
import { toAsked } from "./asked.ts";
import { Intake } from "./body.ts";
import { fromBytes, toPairs } from "./bytes.ts";
import { lookInto } from "./coded.ts";
import { Draft } from "./draft.ts";
import type { Asked, End, Finish, HeaderPairs, Line, Message } from "./entry.ts";
import type { Pen } from "./pen.ts";
import { Slices } from "./slices.ts";
import { soon } from "./soon.ts";
import { Tee } from "./tee.ts";
import { Terminal } from "./terminal.ts";

/** Bytes that are written together. */
const batch = 32_768;

/** Bytes of a compressed answer, which is looked into as a whole. */
const mostCoded = 16 * 1024 ** 2;

/** What all recordings of a tape share. */
export type Recorder = {
  readonly folder: string;
  readonly scrub: Scrub;
  readonly pen: Pen;
  /** Bytes that wait to be written. */
  waiting: number;
  /** How many may. */
  readonly room: number;
  /** What is being written. */
  readonly busy: Set<Promise<void>>;
  kept(name: string, asked: Asked): void;
  /** Why an exchange could not be recorded. */
  lost(why: string): void;
};

/**
 * One exchange on its way to a file. What is told here is only put by: the work is done later, a batch at
 * a time, and where the disk is too slow for it the recording is given up, never the exchange held back.
 */
export class Recording {
  #exchange: Exchange;
  #upgrade: boolean;
  #to: Recorder;
  #scrub: Scrub;
  #intake: Intake;
  /** The request's body where it came in one piece. */
  #body: Buffer | undefined;
  /** Whether all of the request has come. */
  #whole: Promise<boolean>;
  /** Made when they are written. */
  #lines: (() => Line)[] = [];
  #slices: Slices;
  #terminal: Terminal | undefined;
  /** The answer's Content-Encoding. */
  #coding: string | undefined;
  #waiting = 0;
  #hasHead = false;
  #end: End | undefined;
  #draft: Draft | undefined;
  #isBusy = false;
  /** Written or given up. */
  #over = false;

  constructor(exchange: Exchange, upgrade: boolean, to: Recorder) {
    this.#exchange = exchange;
    this.#upgrade = upgrade;
    this.#to = to;
    this.#intake = new Intake(exchange.headers);
    this.#scrub = withCredentials(to.scrub, exchange.headers);
    this.#slices = new Slices(this.#scrub);
    this.#whole = this.#take(exchange);
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    if (this.#ended) return;
    const at = this.#at();
    this.#lines.push(() => ({ at, interim: status, reason, headers: this.#kept(headers) }));
  }

  head(status: number, reason: string, headers: HeaderList): void {
    if (this.#ended) return;
    this.#hasHead = true;
    const at = this.#at();
    this.#lines.push(() => ({ at, status, reason, headers: this.#kept(headers) }));
    const coding = headerOf(headers, "content-encoding")?.trim().toLowerCase() ?? "identity";
    if (coding !== "identity") {
      this.#coding = coding;
      this.#slices = new Slices((text) => text);
    } else if (/^text\/event-stream/i.test(headerOf(headers, "content-type") ?? ""))
      this.#terminal = new Terminal();
  }

  data(bytes: Buffer): void {
    if (this.#ended) return;
    const now = stamp();
    this.#slices.add({ at: this.#at(now), turn: now.turn, bytes });
    this.#wait(bytes.length);
  }

  /** What a side of a WebSocket said; `length`: its bytes. */
  message(make: (at: number, scrub: Scrub) => Message, length: number): void {
    if (this.#ended) return;
    const at = this.#at();
    this.#lines.push(() => make(at, this.#scrub));
    this.#wait(length);
  }

  /** How it ended; nothing that is told afterwards counts. */
  finish(end: Finish, trailers: HeaderList = []): void {
    if (this.#ended) return;
    const pairs = this.#kept(trailers);
    this.#end = { at: this.#at(), end, ...(pairs.length > 0 && { trailers: pairs }) };
    // Where nothing was answered there is nothing to replay.
    if (this.#hasHead) this.#work();
    else this.#drop();
  }

  get #ended(): boolean {
    return this.#over || this.#end !== undefined;
  }

  #take(exchange: Exchange): Promise<boolean> {
    const { body } = exchange;
    if (body === null) return Promise.resolve(true);
    if (Buffer.isBuffer(body)) {
      this.#body = body;
      return Promise.resolve(true);
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    exchange.body = new Tee(body, { piece: (bytes) => this.#intake.add(bytes), over: resolve });
    return promise;
  }

  #wait(length: number): void {
    this.#waiting += length;
    this.#to.waiting += length;
    if (this.#to.waiting > this.#to.room) this.lose("the disk is too slow for it");
    else if (this.#coding === undefined) {
      if (this.#waiting >= batch) this.#work();
    } else if (this.#waiting > mostCoded) this.lose("its answer is compressed, and too large");
  }

  #work(): void {
    if (this.#isBusy || this.#over) return;
    this.#isBusy = true;
    const done = this.#write()
      .catch(async (error: Error) => {
        this.lose(error.message);
        await this.#draft?.drop().catch(() => {});
      })
      .finally(() => {
        this.#to.busy.delete(done);
        this.#isBusy = false;
        if (this.#end || this.#slices.isBehind) this.#work();
      });
    this.#to.busy.add(done);
  }

  async #write(): Promise<void> {
    // Not in the way of the exchange itself.
    await soon();
    this.#draft ??= await this.#open();
    const { lines, length, isEnd } = await this.#ready();
    if (this.#over) return this.#draft.drop();
    if (lines.length === 0) return;
    const name = await this.#draft.write(lines, isEnd);
    if (this.#over) return this.#draft.drop();
    this.#waiting -= length;
    this.#to.waiting -= length;
    if (!isEnd) return;
    this.#over = true;
    this.#to.kept(name, this.#draft.asked);
  }

  async #open(): Promise<Draft> {
    if (!(await this.#whole)) throw new Error("its request never came to an end");
    if (this.#body) this.#intake.add(this.#body);
    const asked = await toAsked(this.#exchange, this.#upgrade, this.#intake, this.#scrub);
    return new Draft(this.#to.pen, this.#to.folder, asked);
  }

  /** The lines that come next, of how many bytes, and whether they are the last. */
  async #ready(): Promise<{ lines: Line[]; length: number; isEnd: boolean }> {
    const end = this.#end;
    const made = this.#lines.map((make) => make());
    this.#lines = [];
    const most = this.#coding ? Number.POSITIVE_INFINITY : undefined;
    let answer = { lines: made, pieces: this.#slices.take(end !== undefined, most) };
    const left = this.#slices.size;
    const length = this.#waiting - left;
    const isEnd = end !== undefined && left === 0;
    if (this.#coding) answer = await lookInto(answer, this.#coding, this.#scrub);
    const { lines, pieces } = answer;
    for (const { at, bytes } of pieces) {
      this.#terminal?.feed(bytes.toString("latin1"));
      lines.push({ at, ...fromBytes(bytes) });
    }
    if (isEnd) {
      const isWhole = end.end === "client_left" && this.#terminal?.reached;
      lines.push(isWhole ? { ...end, end: "complete" } : end);
    }
    return { lines, length, isEnd };
  }

  /** Gives the recording up. */
  lose(why: string): void {
    if (this.#over) return;
    this.#drop();
    this.#to.lost(why);
  }

  #drop(): void {
    this.#over = true;
    this.#to.waiting -= this.#waiting;
    this.#waiting = 0;
    this.#lines = [];
    this.#slices.clear();
    // Else who writes drops it.
    if (!this.#isBusy) void this.#draft?.drop().catch(() => {});
  }

  #at({ now }: Stamp = stamp()): number {
    return Math.round((now - this.#exchange.startedAt) * 10) / 10;
  }

  #kept(headers: HeaderList): HeaderPairs {
    const kept = without(headers, notKept);
    return toPairs(kept.map((text, i) => (i % 2 === 0 ? text : this.#scrub(text))));
  }
}

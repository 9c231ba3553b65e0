import type { HeaderList } from "../exchange.ts";
import {
  type AnswerHead,
  MalformedAnswer,
  parseHead,
  parseTrailers,
  prefix,
} from "./answer-head.ts";
import { Chunks } from "./chunks.ts";

/** Hears an answer as it is read. */
export interface AnswerSink {
  /** An interim answer (1xx). */
  interim(head: AnswerHead): void;
  head(head: AnswerHead): void;
  /** What one read brought of the body. */
  data(slice: Buffer): void;
  /** `isLast`: nothing came behind it. */
  end(trailers: HeaderList | undefined, isLast: boolean): void;
  /** The connection speaks another protocol from here on; `rest` is its beginning. */
  switched(head: AnswerHead, rest: Buffer): void;
}

/** What the client asked to become of the connection: 101 switches it, or any 2xx (CONNECT). */
export type Switch = "websocket" | "tunnel" | undefined;

const empty = Buffer.alloc(0);
const emptyLine = Buffer.from("\r\n\r\n");
const LF = 0x0a;

/**
 * Reads the answers of one connection (RFC 9112), strictly: whatever could be read in two ways throws
 * `MalformedAnswer`. Heads are held until they are whole, up to `limit` bytes an answer; of bodies nothing is held.
 */
export class AnswerReader {
  #sink: AnswerSink;
  #limit: number;
  #state: "nothing" | "head" | "length" | "chunks" | "trailers" | "until close" = "nothing";
  #method = "";
  #switch: Switch;
  #held: Buffer = empty;
  /** Bytes of the heads of this answer so far, interim ones included. */
  #headSize = 0;
  #left = 0;
  #chunks: Chunks | undefined;

  constructor(sink: AnswerSink, limit: number) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** The next answer is to a request like this. */
  expect(method: string, switching: Switch): void {
    this.#state = "head";
    this.#headSize = 0;
    this.#method = method;
    this.#switch = switching;
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#state = "nothing";
    this.#held = empty;
  }

  /** Whether an end of the connection ends the answer in order. */
  get endsWithConnection(): boolean {
    return this.#state === "until close";
  }

  read(bytes: Buffer): void {
    switch (this.#state) {
      case "head":
        this.#readHead(this.#withHeld(bytes));
        break;
      case "trailers":
        this.#readTrailers(this.#withHeld(bytes), 0);
        break;
      default:
        this.#readBody(bytes, 0);
    }
  }

  #readHead(bytes: Buffer): void {
    let at = 0;
    while (this.#state === "head") {
      const end = bytes.indexOf(emptyLine, at);
      if (end < 0) {
        this.#hold(bytes, at, prefix);
        return;
      }
      // All together: interim answers without end are no answer, and would fill the memory.
      this.#headSize += end - at;
      if (this.#headSize > this.#limit) throw new MalformedAnswer("a head that is too large");
      const head = parseHead(bytes.toString("latin1", at, end));
      at = end + emptyLine.length;
      const { status } = head;
      if (
        status === 101 ? this.#switch === "websocket" : this.#switch === "tunnel" && isOk(status)
      ) {
        this.stop();
        this.#sink.switched(head, bytes.subarray(at));
      } else if (status === 101) {
        throw new MalformedAnswer("a 101 that nobody had asked for");
      } else if (status < 200) {
        if (head.idleMs === 0) throw new MalformedAnswer("an interim answer that ends all");
        this.#sink.interim(head);
      } else this.#begin(head, bytes, at);
    }
  }

  #begin(head: AnswerHead, bytes: Buffer, at: number): void {
    const { status } = head;
    const isBodiless = this.#method === "HEAD" || status === 204 || status === 304;
    const length = isBodiless ? 0 : head.length;
    if (length === undefined) this.#state = "until close";
    else if (length >= 0) this.#state = "length";
    else {
      this.#state = "chunks";
      this.#chunks = new Chunks();
    }
    this.#left = length ?? 0;
    this.#sink.head(head);
    if (length === 0 && this.#state === "length") this.#end(undefined, at === bytes.length);
    else if (at < bytes.length) this.#readBody(bytes, at);
  }

  #readBody(bytes: Buffer, at: number): void {
    switch (this.#state) {
      case "length": {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        const isWhole = this.#left === 0;
        this.#sink.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        if (isWhole && this.#isOn("length")) this.#end(undefined, end === bytes.length);
        break;
      }
      case "chunks": {
        const rest = this.#readChunks(this.#chunks!, bytes, at);
        if (rest < 0 || !this.#isOn("chunks")) break;
        this.#state = "trailers";
        this.#chunks = undefined;
        this.#readTrailers(bytes, rest);
        break;
      }
      case "until close":
        this.#sink.data(at === 0 ? bytes : bytes.subarray(at));
    }
  }

  /** Returns where the trailers begin, -1: not here. What came in front of a malformed chunk counts. */
  #readChunks(chunks: Chunks, bytes: Buffer, at: number): number {
    try {
      return chunks.read(bytes, at, this.#limit);
    } finally {
      if (chunks.end > chunks.start) this.#sink.data(bytes.subarray(chunks.start, chunks.end));
    }
  }

  #readTrailers(bytes: Buffer, at: number): void {
    if (bytes.length - at >= 2 && bytes.toString("latin1", at, at + 2) === "\r\n") {
      this.#end(undefined, at + 2 === bytes.length);
      return;
    }
    const end = bytes.indexOf(emptyLine, at);
    if (end < 0) {
      this.#hold(bytes, at, "");
      return;
    }
    if (end - at > this.#limit) throw new MalformedAnswer("trailers that are too large");
    const trailers = parseTrailers(bytes.toString("latin1", at, end));
    this.#end(trailers, end + emptyLine.length === bytes.length);
  }

  #end(trailers: HeaderList | undefined, isLast: boolean): void {
    this.stop();
    this.#sink.end(trailers, isLast);
  }

  /** Whether whoever heard the last slice still listens: to call `stop` is to change the state. */
  #isOn(state: string): boolean {
    return this.#state === state;
  }

  #withHeld(bytes: Buffer): Buffer {
    if (this.#held.length === 0) return bytes;
    const joined = Buffer.concat([this.#held, bytes]);
    this.#held = empty;
    return joined;
  }

  /** Keeps what is not whole yet, unless it can already be seen that it never will be. */
  #hold(bytes: Buffer, at: number, beginning: string): void {
    if (bytes.length - at > this.#limit) throw new MalformedAnswer("a head that is too large");
    const start = bytes.toString("latin1", at, at + beginning.length);
    if (!beginning.startsWith(start)) throw new MalformedAnswer("no status line");
    for (let i = bytes.indexOf(LF, at); i >= 0; i = bytes.indexOf(LF, i + 1))
      if (i === at || bytes[i - 1] !== 0x0d) throw new MalformedAnswer("a line without its CR");
    this.#held = bytes.subarray(at);
  }
}

function isOk(status: number): boolean {
  return status >= 200 && status <= 299;
}

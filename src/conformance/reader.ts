import { type Line, type Message, valuesOf } from "./wire.ts";

/** What a reader tells while bytes come in. */
export type Hearing = {
  /** The method that the next answer is for; absent: requests are read. */
  method?: () => string;
  /** Whether the connection speaks another protocol after this request; its bytes become the body. */
  switches?(request: Message): boolean;
  interim?(message: Message): void;
  head?(message: Message): void;
  data?(message: Message, length: number): void;
  end?(message: Message): void;
};

/** Reads HTTP/1.x messages off a connection, leaving every byte as it is. */
export class MessageReader {
  #hearing: Hearing;
  #rest: Buffer = Buffer.alloc(0);
  #message: Message | undefined;
  #step: () => boolean = this.#head;
  #left = 0;

  constructor(hearing: Hearing) {
    this.#hearing = hearing;
  }

  /** Bytes that no message has claimed yet. */
  get pending(): Buffer {
    return this.#rest;
  }

  /** The message that is being read. */
  get current(): Message | undefined {
    return this.#message;
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#step());
  }

  /** The other side ended its stream in order: the end of a body that waits for just that. */
  close(): void {
    if (this.#message?.framing === "close" && this.#step === this.#untilClose) this.#finish();
  }

  #head(): boolean {
    if (this.#rest.length === 0) return false;
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const [first = "", ...lines] = this.#take(end + 4)
      .toString("latin1")
      .slice(0, -4)
      .split("\r\n");
    const message: Message = {
      first,
      lines: lines.map(toLine),
      framing: "none",
      lengths: [],
      body: Buffer.alloc(0),
      marks: [],
      trailers: [],
      whole: false,
    };
    const status = this.#hearing.method ? Number(first.split(" ")[1]) : 0;
    if (status >= 100 && status < 200 && status !== 101) {
      this.#hearing.interim?.({ ...message, whole: true });
      return true;
    }
    this.#message = message;
    this.#frame(message, status);
    this.#hearing.head?.(message);
    if (message.framing === "none" || (message.framing === "length" && this.#left === 0))
      this.#finish();
    return true;
  }

  #frame(message: Message, status: number): void {
    message.lengths = valuesOf(message.lines, "content-length");
    const isBodiless = status === 204 || status === 304 || this.#hearing.method?.() === "HEAD";
    if (isBodiless) message.framing = "none";
    else if (valuesOf(message.lines, "transfer-encoding").length > 0) message.framing = "chunked";
    else if (message.lengths.length > 0) message.framing = "length";
    else if (status > 0 || this.#hearing.switches?.(message)) message.framing = "close";
    this.#left = Number(message.lengths[0] ?? 0);
    const steps = { none: this.#head, length: this.#counted, chunked: this.#size };
    this.#step = message.framing === "close" ? this.#untilClose : steps[message.framing];
  }

  #counted(): boolean {
    this.#body(Math.min(this.#left, this.#rest.length));
    if (this.#left > 0) return false;
    this.#finish();
    return true;
  }

  #untilClose(): boolean {
    this.#left = this.#rest.length;
    this.#body(this.#rest.length);
    return false;
  }

  #size(): boolean {
    const end = this.#rest.indexOf("\r\n");
    if (end < 0) return false;
    this.#left = Number.parseInt(this.#take(end + 2).toString("latin1"), 16);
    this.#step = this.#left === 0 ? this.#trailer : this.#chunk;
    return true;
  }

  #chunk(): boolean {
    this.#body(Math.min(this.#left, this.#rest.length));
    if (this.#left > 0 || this.#rest.length < 2) return false;
    this.#take(2);
    this.#message!.marks.push(this.#message!.body.length);
    this.#step = this.#size;
    return true;
  }

  #trailer(): boolean {
    const end = this.#rest.indexOf("\r\n");
    if (end < 0) return false;
    const line = this.#take(end + 2)
      .toString("latin1")
      .slice(0, -2);
    if (line === "") this.#finish();
    else this.#message!.trailers.push(toLine(line));
    return true;
  }

  #body(length: number): void {
    if (length === 0) return;
    this.#left -= length;
    const message = this.#message!;
    message.body = Buffer.concat([message.body, this.#take(length)]);
    this.#hearing.data?.(message, length);
  }

  #finish(): void {
    const message = this.#message!;
    this.#message = undefined;
    this.#step = this.#head;
    message.whole = true;
    this.#hearing.end?.(message);
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

function toLine(text: string): Line {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
}

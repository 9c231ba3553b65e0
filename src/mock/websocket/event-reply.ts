import type { WebSocket } from "ws";
import type { RelayError } from "../../errors.ts";
import type { HeaderList, Reply } from "../../exchange.ts";
import { headerOf } from "../../header-list.ts";
import { dataOf, parsed } from "../spoken.ts";

export type Event = Record<string, unknown>;

/** Bytes that may wait for a slow client before the mock pauses. */
const backlog = 65_536;

type Parts = {
  socket: WebSocket;
  /** What becomes of an event on its way to the client; `undefined`: it is left out. */
  edit: (event: Event) => Event | undefined;
  done: () => void;
};

/** An answer whose events become messages of a WebSocket; an error is an event too. */
export class EventReply implements Reply {
  started = false;
  over = false;
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  #parts: Parts;
  #status = 0;
  #headers: HeaderList = [];
  #text = "";
  #decoder = new TextDecoder();
  #isBlocked = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  inform(): void {}

  head(status: number, _reason: string, headers: HeaderList): void {
    this.started = true;
    this.#status = status;
    this.#headers = headers;
  }

  data(chunk: Buffer): boolean {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (!this.#streams) return true;
    const events = this.#text.split("\n\n");
    this.#text = events.pop()!;
    for (const event of events) this.#tell(parsed(dataOf(event).join("\n")));
    this.#isBlocked = this.#parts.socket.bufferedAmount > backlog;
    return !this.#isBlocked;
  }

  end(): void {
    if (!this.#streams) this.#tell(this.#status < 400 ? parsed(this.#text) : this.#toError());
    this.#finish();
  }

  fail(error: RelayError): void {
    this.#tell({ type: "error", status: error.status, ...error.toJSON() });
    this.#finish();
  }

  /** The client has left. */
  gone(): void {
    if (this.over) return;
    this.over = true;
    this.onGone?.();
  }

  get #streams(): boolean {
    return headerOf(this.#headers, "content-type")?.startsWith("text/event-stream") ?? false;
  }

  #tell(event: unknown): void {
    const edited =
      typeof event === "object" && event ? this.#parts.edit(event as Event) : undefined;
    if (!edited || this.over) return;
    this.#parts.socket.send(JSON.stringify(edited), () => this.#sent());
  }

  #sent(): void {
    if (!this.#isBlocked || this.#parts.socket.bufferedAmount > backlog) return;
    this.#isBlocked = false;
    if (!this.over) this.onDrain?.();
  }

  /** On a WebSocket the head of an answer travels in the event. */
  #toError(): Event {
    const headers: Record<string, string> = {};
    for (let i = 0; i < this.#headers.length; i += 2)
      headers[this.#headers[i]!.toLowerCase()] = this.#headers[i + 1]!;
    const { error = null } = (parsed(this.#text) ?? {}) as Event;
    return { type: "error", status: this.#status, error, headers };
  }

  #finish(): void {
    if (this.over) return;
    this.over = true;
    this.#parts.done();
  }
}

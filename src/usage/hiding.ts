import type { RelayError } from "../errors.ts";
import type { Exchange, HeaderList, Reply } from "../exchange.ts";
import { headerOf, without } from "../header-list.ts";
import { UsageFilter } from "./hidden.ts";
import { UsageTap } from "./tap.ts";

/**
 * Stands between who answers and the real reply: the chunk with the usage that the client did not ask for
 * stays here, and what it says is told in `exchange.usage`.
 */
export class HidingReply implements Reply {
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;

  #exchange: Exchange;
  #to: Reply;
  /** `undefined`: an answer that is no stream, or cannot be read. */
  #stream: { tap: UsageTap; filter: UsageFilter } | undefined;

  constructor(exchange: Exchange, to: Reply) {
    this.#exchange = exchange;
    this.#to = to;
    to.onDrain = () => this.onDrain?.();
    to.onGone = () => this.onGone?.();
  }

  get started(): boolean {
    return this.#to.started;
  }

  get over(): boolean {
    return this.#to.over;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    this.#to.inform(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    let list = headers;
    if (isReadable(status, headers)) {
      this.#stream = { tap: new UsageTap("events"), filter: new UsageFilter() };
      list = without(headers, /^content-length$/i);
    }
    this.#to.head(status, reason, list);
  }

  data(chunk: Buffer): boolean {
    if (!this.#stream) return this.#to.data(chunk);
    const { tap, filter } = this.#stream;
    tap.chunk(chunk);
    // Before the client has it: it may leave at once.
    this.#exchange.usage = tap.found();
    let goesOn = true;
    for (const part of filter.pass(chunk)) goesOn = this.#to.data(part);
    return goesOn;
  }

  end(trailers?: HeaderList): void {
    const rest = this.#stream?.filter.rest();
    if (rest && rest.length > 0) this.#to.data(rest);
    this.#to.end(trailers);
  }

  fail(error: RelayError): void {
    this.#to.fail(error);
  }
}

function isReadable(status: number, headers: HeaderList): boolean {
  const type = headerOf(headers, "content-type") ?? "";
  const coding = headerOf(headers, "content-encoding") ?? "identity";
  return status === 200 && /^text\/event-stream\b/i.test(type) && /^identity$/i.test(coding.trim());
}

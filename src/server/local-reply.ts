import type { RelayError } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";

/** What somebody in this process hears of the answer that they asked for. */
export type Listener = {
  inform?(status: number, reason: string, headers: HeaderList): void;
  head(status: number, reason: string, headers: HeaderList): void;
  /** `false`: hold back until `reply.onDrain`. */
  data(chunk: Buffer): boolean;
  /** Once, unless the asker left; with an error when the answer is missing or not whole. */
  done(error: RelayError | undefined, trailers: HeaderList): void;
};

/** An answer on its way to somebody in this process. */
export class LocalReply implements Reply {
  started = false;
  over = false;
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;

  #method: string;
  #listener: Listener;
  /** Body bytes still to come by Content-Length; NaN when the length is unknown. */
  #left = Number.NaN;

  constructor(method: string, listener: Listener) {
    this.#method = method;
    this.#listener = listener;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    if (!this.started && !this.over) this.#listener.inform?.(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    if (this.started || this.over) return;
    this.started = true;
    this.#listener.head(status, reason, headers);
    const bodiless = this.#method === "HEAD" || status === 204 || status === 304;
    this.#left = bodiless ? 0 : Number(headerOf(headers, "content-length") ?? Number.NaN);
    if (this.#left === 0) this.end();
  }

  data(chunk: Buffer): boolean {
    if (!this.started || this.over) return true;
    const more = this.#listener.data(chunk);
    this.#left -= chunk.length;
    if (this.#left <= 0) this.end();
    return more;
  }

  end(trailers: HeaderList = []): void {
    this.#finish(undefined, trailers);
  }

  fail(error: RelayError): void {
    this.#finish(error, []);
  }

  /** The asker wants no more of it. */
  leave(): void {
    if (this.over) return;
    this.over = true;
    this.onGone?.();
  }

  #finish(error: RelayError | undefined, trailers: HeaderList): void {
    if (this.over) return;
    this.over = true;
    this.#listener.done(error, trailers);
  }
}

import type { RelayError } from "../errors.ts";
import type { Ending, Exchange, HeaderList, Observer } from "../exchange.ts";

/**
 * What the observers of one exchange are told, and what is counted for it. They watch and never touch:
 * one that throws costs the exchange nothing.
 */
export class Telling {
  /** Of the answer; 0: none was sent. */
  status = 0;
  bytesOut = 0;
  #exchange: Exchange;
  #observers: readonly Observer[];
  #firstByteAt: number | undefined;

  constructor(exchange: Exchange, observers: readonly Observer[]) {
    this.#exchange = exchange;
    this.#observers = observers;
    for (const observer of observers)
      try {
        observer.asked?.(exchange);
      } catch (error) {
        warn(error);
      }
  }

  /** Tells of a piece of the request's body; `undefined`: nobody wants to know. */
  get received(): ((piece: Buffer) => void) | undefined {
    const listeners = this.#observers.filter(({ received }) => received);
    if (listeners.length === 0) return undefined;
    return (piece) => {
      for (const observer of listeners)
        try {
          observer.received?.(this.#exchange, piece);
        } catch (error) {
          warn(error);
        }
    };
  }

  /** Tells what passes through a tunnel; `undefined`: nobody wants to know. */
  get passed(): ((from: "client" | "upstream", bytes: Buffer) => void) | undefined {
    const listeners = this.#observers.filter(({ passed }) => passed);
    if (listeners.length === 0) return undefined;
    return (from, bytes) => {
      for (const observer of listeners)
        try {
          observer.passed?.(this.#exchange, from, bytes);
        } catch (error) {
          warn(error);
        }
    };
  }

  answered(status: number, headers: HeaderList): void {
    this.status = status;
    this.#firstByteAt = performance.now();
    for (const observer of this.#observers)
      try {
        observer.answered?.(this.#exchange, status, headers);
      } catch (error) {
        warn(error);
      }
  }

  chunk(chunk: Buffer): void {
    this.bytesOut += chunk.length;
    for (const observer of this.#observers)
      try {
        observer.chunk?.(this.#exchange, chunk);
      } catch (error) {
        warn(error);
      }
  }

  ended(ending: Ending, error: RelayError | undefined): void {
    const { startedAt } = this.#exchange;
    const outcome = {
      ending,
      status: this.status,
      bytesOut: this.bytesOut,
      firstByteMs: this.#firstByteAt === undefined ? undefined : this.#firstByteAt - startedAt,
      durationMs: performance.now() - startedAt,
      ...(error && { error }),
    };
    for (const observer of this.#observers)
      try {
        observer.ended?.(this.#exchange, outcome);
      } catch (cause) {
        warn(cause);
      }
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

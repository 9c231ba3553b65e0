import type { IncomingMessage, ServerResponse } from "node:http";
import { type RelayError, upstreamFailed } from "../errors.ts";
import type { Ending, Exchange, HeaderList, Observer, Reply } from "../exchange.ts";

/** Bytes that may wait for a slow client before upstream is asked to pause. */
const backlog = 65_536;

/** What the server wants to hear of an answer. */
export type ReplyParts = {
  observers: readonly Observer[];
  /** Whether answers should tell the client to connect anew. */
  isDraining: () => boolean;
  antiBuffering: boolean;
};

/**
 * An answer on its way to an HTTP client. Slices leave as they arrive: those that one read of
 * upstream's socket brought leave together, none ever waits for the next read. This is the only code
 * that touches the response, and it alone tells the observers.
 */
export class HttpReply implements Reply {
  started = false;
  over = false;
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  /** The web origin that may read this answer. */
  origin: string | undefined;

  #exchange: Exchange;
  #req: IncomingMessage;
  #res: ServerResponse;
  #parts: ReplyParts;
  #status = 0;
  #bytesOut = 0;
  #firstByteAt: number | undefined;
  #error: RelayError | undefined;
  /** Body bytes still to come by Content-Length; -1 when the length is unknown. */
  #left = -1;
  #headWaits = false;
  #blocked = false;
  /** What came since the last turn of the event loop. */
  #waiting: Buffer[] = [];
  #flushing = false;

  constructor(exchange: Exchange, req: IncomingMessage, res: ServerResponse, parts: ReplyParts) {
    this.#exchange = exchange;
    this.#req = req;
    this.#res = res;
    this.#parts = parts;
    res.on("close", () => this.#closed());
    for (const observer of parts.observers) observer.asked?.(exchange);
  }

  inform(status: number, headers: HeaderList): void {
    if (this.started || this.over) return;
    // Without writeInformation (Node 24) 103 is the only interim answer that node:http can send.
    const res = this.#res as ServerResponse & {
      writeInformation?: (status: number, headers: HeaderList) => void;
    };
    try {
      if (res.writeInformation) res.writeInformation(status, headers);
      else if (status === 103) res.writeEarlyHints(toHints(headers));
    } catch {
      // A hint that cannot be written is a hint less (RFC 9110 section 15.2 lets clients ignore it).
    }
  }

  head(status: number, reason: string, headers: HeaderList): void {
    if (this.started || this.over) return;
    const bodiless = this.#req.method === "HEAD" || status === 204 || status === 304;
    let list = headers;
    if (status === 204) list = without(list, /^content-length$/i);
    if (this.origin !== undefined) list = withCors(list, this.origin);
    if (this.#parts.antiBuffering) list = withAntiBuffering(list);
    if (!this.#writeHead(status, reason, list)) return;
    for (const observer of this.#parts.observers) observer.answered?.(this.#exchange, status, list);

    if (bodiless) {
      this.#finish();
      return;
    }
    this.#left = contentLengthOf(list);
    if (this.#left === 0) {
      this.#finish();
      return;
    }
    this.#headWaits = true;
    this.#flushSoon();
  }

  data(chunk: Buffer): boolean {
    if (!this.started || this.over) return true;
    for (const observer of this.#parts.observers) observer.chunk?.(this.#exchange, chunk);
    this.#bytesOut += chunk.length;
    this.#waiting.push(chunk);
    if (this.#left > 0) {
      this.#left -= chunk.length;
      // All of it in one piece: one write, head included.
      if (this.#left <= 0) {
        this.#finish();
        return true;
      }
    }
    this.#flushSoon();
    return !this.#blocked;
  }

  end(trailers?: HeaderList): void {
    if (this.over) return;
    // node:http throws on trailers without chunked framing, and HTTP/1.0 has none.
    if (trailers?.length && this.#left < 0) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < trailers.length; i += 2) pairs.push([trailers[i]!, trailers[i + 1]!]);
      this.#res.addTrailers(pairs);
    }
    this.#finish();
  }

  fail(error: RelayError): void {
    if (this.over) return;
    this.#error = error;
    if (this.started) {
      this.#cut();
      return;
    }
    const body = Buffer.from(JSON.stringify(error));
    const headers = [
      ...["Content-Type", "application/json", "Content-Length", String(body.length)],
      ...["x-relay-error", error.code, "x-should-retry", String(error.retry)],
      ...error.headers,
    ];
    this.#res.sendDate = true;
    this.head(error.status, "", headers);
    this.data(body);
  }

  #writeHead(status: number, reason: string, headers: HeaderList): boolean {
    const res = this.#res;
    if (this.#parts.isDraining()) res.shouldKeepAlive = false;
    res.sendDate = this.#error !== undefined;
    try {
      if (reason === "" && this.#error) res.writeHead(status, headers);
      else res.writeHead(status, reason, headers);
    } catch (cause) {
      // Bytes that node:http refuses to write (RFC 9110 section 5.5): nothing has left yet.
      this.fail(
        upstreamFailed("upstream_bad_response", "OpenAI's answer has malformed headers.", cause),
      );
      return false;
    }
    this.started = true;
    this.#status = status;
    this.#firstByteAt = performance.now();
    return true;
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (!this.over) this.#flush();
    });
  }

  #flush(): void {
    const res = this.#res;
    const chunk = this.#takeWaiting();
    if (chunk === undefined) {
      // An empty write sends the head. flushHeaders would send its bytes as UTF-8.
      if (this.#headWaits) res.write("", "latin1");
      this.#headWaits = false;
      return;
    }
    this.#headWaits = false;
    if (res.write(chunk) || this.#blocked || res.writableLength < backlog) return;
    this.#blocked = true;
    res.once("drain", () => {
      this.#blocked = false;
      if (!this.over) this.onDrain?.();
    });
  }

  #takeWaiting(): Buffer | undefined {
    const waiting = this.#waiting;
    if (waiting.length === 0) return undefined;
    this.#waiting = [];
    return waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
  }

  #finish(): void {
    this.over = true;
    const chunk = this.#takeWaiting();
    if (chunk === undefined) this.#res.end();
    else this.#res.end(chunk);
  }

  /** Ends the connection so that nobody takes what was sent for the whole (RFC 9112 section 8). */
  #cut(): void {
    this.#flush();
    this.over = true;
    const socket = this.#res.socket;
    if (!socket) return;
    // A body that is delimited by the end of the connection must not see an orderly one.
    if (this.#left < 0 && this.#req.httpVersionMinor === 0) socket.resetAndDestroy();
    else socket.destroySoon();
  }

  #closed(): void {
    const gone = !this.over;
    this.over = true;
    this.#waiting = [];
    if (gone) this.onGone?.();

    const now = performance.now();
    const { startedAt } = this.#exchange;
    const outcome = {
      ending: this.#ending(),
      status: this.#status,
      bytesOut: this.#bytesOut,
      firstByteMs: this.#firstByteAt === undefined ? undefined : this.#firstByteAt - startedAt,
      durationMs: now - startedAt,
      ...(this.#error && { error: this.#error }),
    };
    for (const observer of this.#parts.observers) observer.ended?.(this.#exchange, outcome);
  }

  #ending(): Ending {
    if (this.#error) return this.#res.writableFinished ? "refused" : "upstream_broke";
    return this.#res.writableFinished ? "complete" : "client_left";
  }
}

function contentLengthOf(headers: HeaderList): number {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === 14 && name.toLowerCase() === "content-length")
      return Number(headers[i + 1]);
  }
  return -1;
}

function without(headers: HeaderList, name: RegExp): HeaderList {
  return headers.filter((_, i) => !name.test(headers[i - (i % 2)]!));
}

function withCors(headers: HeaderList, origin: string): HeaderList {
  const own = without(headers, /^access-control-/i);
  own.push("Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", "*");
  own.push("Vary", "Origin");
  return own;
}

function withAntiBuffering(headers: HeaderList): HeaderList {
  const isStream = headers.some(
    (value, i) =>
      i % 2 === 1 && /^text\/event-stream/i.test(value) && /^content-type$/i.test(headers[i - 1]!),
  );
  return isStream ? [...headers, "X-Accel-Buffering", "no"] : headers;
}

function toHints(headers: HeaderList): Record<string, string | string[]> & { link: string[] } {
  const hints: Record<string, string | string[]> & { link: string[] } = { link: [] };
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (name === "link") hints.link.push(headers[i + 1]!);
    else hints[name] = headers[i + 1]!;
  }
  return hints;
}

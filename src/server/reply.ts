import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type RelayError, upstreamFailed } from "../errors.ts";
import type { Ending, Exchange, HeaderList, Observer, UpgradeReply } from "../exchange.ts";
import { without } from "../header-list.ts";
import { contentLengthOf, sandbox, withAntiBuffering, withCors } from "./answer-headers.ts";
import { notePassed } from "./garbage.ts";
import { toHeadText, toRefusal } from "./head-text.ts";
import { reset } from "./reset.ts";
import { Telling } from "./telling.ts";
import { joinConnections } from "./tunnel.ts";

/** Bytes that may wait for a slow client before upstream is asked to pause. */
const backlog = 65_536;

const switching = `HTTP/1.1 101 ${STATUS_CODES[101]}`;

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
export class HttpReply implements UpgradeReply {
  started = false;
  over = false;
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  /** The web origin that may read this answer. */
  origin: string | undefined;
  /** A browser shows it as a page of the relay's own origin, which is the inspector's. */
  isForShow = false;

  #exchange: Exchange;
  #req: IncomingMessage;
  #res: ServerResponse;
  #parts: ReplyParts;
  #telling: Telling;
  #error: RelayError | undefined;
  #isCut = false;
  /** Body bytes still to come by Content-Length; -1 when the length is unknown. */
  #left = -1;
  #headWaits = false;
  #blocked = false;
  /** What came since the last turn of the event loop. */
  #waiting: Buffer[] = [];
  #flushing = false;
  /** How a tunnel ended. */
  #tunnelEnding: Ending | undefined;

  constructor(exchange: Exchange, req: IncomingMessage, res: ServerResponse, parts: ReplyParts) {
    this.#exchange = exchange;
    this.#req = req;
    this.#res = res;
    this.#parts = parts;
    res.on("close", () => this.#closed());
    this.#telling = new Telling(exchange, parts.observers);
  }

  /** To be told of each piece of the request's body; `undefined`: nobody wants to know. */
  get received(): ((piece: Buffer) => void) | undefined {
    return this.#telling.received;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    const { socket } = this.#res;
    // HTTP/1.0 knows no interim answers.
    if (this.started || this.over || !socket || this.#req.httpVersionMinor === 0) return;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(reason)) return;
    // By hand: which interim answers node:http can send depends on its version.
    socket.write(toHeadText(`HTTP/1.1 ${status} ${reason}`, headers), "latin1");
  }

  head(status: number, reason: string, headers: HeaderList): void {
    if (this.started || this.over) return;
    const bodiless = this.#req.method === "HEAD" || status === 204 || status === 304;
    let list = headers;
    if (status === 204) list = without(list, /^content-length$/i);
    if (this.origin !== undefined) list = withCors(list, this.origin);
    if (this.isForShow) list = [...list, ...sandbox];
    if (this.#parts.antiBuffering) list = withAntiBuffering(list);
    if (!this.#writeHead(status, reason, list)) return;
    this.#telling.answered(status, list);

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
    this.#telling.chunk(chunk);
    notePassed(chunk.length);
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
    if (this.#left > 0) {
      // Fewer bytes than were announced: no orderly end of it (RFC 9112 section 8).
      this.fail(upstreamFailed("upstream_reset", "OpenAI's answer ended early.", undefined));
      return;
    }
    // Only chunked framing has a place for trailers.
    if (trailers?.length && this.#left < 0) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < trailers.length; i += 2) pairs.push([trailers[i]!, trailers[i + 1]!]);
      this.#res.addTrailers(pairs);
    }
    this.#finish();
  }

  tunnel(headers: HeaderList, upstream: Duplex): void {
    const { socket } = this.#res;
    if (this.started || this.over || !socket) {
      upstream.destroy();
      return;
    }
    this.started = this.over = true;
    this.#telling.answered(101, headers);

    const { bytesRead, bytesWritten } = socket;
    const own = ["Connection", "Upgrade", "Upgrade", this.#req.headers.upgrade!];
    this.#res.detachSocket(socket);
    socket.write(toHeadText(switching, [...own, ...headers]), "latin1");
    joinConnections(socket, upstream, this.#telling.passed, (broken) => {
      this.#exchange.bytesIn = socket.bytesRead - bytesRead;
      this.#telling.bytesOut = socket.bytesWritten - bytesWritten;
      if (broken === "client") this.#tunnelEnding = "client_left";
      else this.#tunnelEnding = broken === "upstream" ? "upstream_broke" : "complete";
      this.#closed();
    });
  }

  fail(error: RelayError): void {
    if (this.over) return;
    this.#error = error;
    if (this.started || error.cut) this.#cut(error.cut === "reset");
    else this.#refuse(error);
    // Whoever was answering need not be the one who gave up.
    this.onGone?.();
  }

  #refuse(error: RelayError): void {
    const { reason, headers, body } = toRefusal(error);
    this.#res.sendDate = true;
    // Known before the answer is finished: what is still being sent must be read away (closeAfterUpload).
    if (error.headers.includes("close")) this.#res.shouldKeepAlive = false;
    this.head(error.status, reason, headers);
    this.data(body);
  }

  #writeHead(status: number, reason: string, headers: HeaderList): boolean {
    const res = this.#res;
    if (this.#parts.isDraining()) res.shouldKeepAlive = false;
    res.sendDate = this.#error !== undefined;
    try {
      res.writeHead(status, reason, headers);
    } catch (cause) {
      // Bytes that node:http refuses to write (RFC 9110 section 5.5): nothing has left yet.
      if (this.#error) res.destroy();
      else
        this.fail(
          upstreamFailed("upstream_bad_response", "OpenAI's answer has malformed headers.", cause),
        );
      return false;
    }
    this.started = true;
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
    if (!this.#req.complete && !this.#res.shouldKeepAlive) closeAfterUpload(this.#req);
    const chunk = this.#takeWaiting();
    if (chunk === undefined) this.#res.end();
    else this.#res.end(chunk);
  }

  /** Ends the connection so that nobody takes what was sent for the whole (RFC 9112 section 8). */
  #cut(abruptly: boolean): void {
    this.#isCut = true;
    this.#flush();
    this.over = true;
    const { socket } = this.#res;
    if (!socket) return;
    // What was written before leaves before.
    if (abruptly) socket.write("", () => reset(socket));
    // A body that is delimited by the end of the connection must not see an orderly one.
    else if (this.#left >= 0 || this.#req.httpVersionMinor > 0) socket.destroySoon();
    // In TLS it is the missing close_notify that says so.
    else reset(socket);
  }

  #closed(): void {
    const gone = !this.over;
    this.over = true;
    this.#waiting = [];
    if (gone) this.onGone?.();
    // What nobody read of the request is read away, or the connection could not go on.
    const { body } = this.#exchange;
    if (body !== null && !Buffer.isBuffer(body)) body.destroy();
    this.#telling.ended(this.#ending(), this.#error);
  }

  #ending(): Ending {
    if (this.#tunnelEnding) return this.#tunnelEnding;
    if (this.#isCut) return "upstream_broke";
    if (!this.#isSent()) return "client_left";
    return this.#error ? "refused" : "complete";
  }

  /** Whether the system took all of the answer. Older Nodes say so of what a lost connection threw away. */
  #isSent(): boolean {
    const { socket } = this.#req;
    return this.#res.writableFinished && (!socket.destroyed || socket.writableFinished);
  }
}

/**
 * For an answer that overtook the upload on a connection that is to close: closing it on unread bytes
 * would reset it, and the reset would overtake the answer (RFC 9112 section 9.6).
 */
function closeAfterUpload(req: IncomingMessage): void {
  const { socket } = req;
  socket.destroySoon = () => {
    socket.end();
    req.once("end", () => socket.destroy());
  };
}

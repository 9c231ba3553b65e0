import type { Duplex } from "node:stream";
import type { RelayError } from "../errors.ts";
import type { Exchange, HeaderList, Reply, UpgradeReply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Finish } from "./entry.ts";
import { hearTunnel } from "./hearing.ts";
import type { Recording } from "./recording.ts";

/** A reply that passes everything on, and then tells it to a recording. */
export class RecordedReply implements Reply {
  protected readonly recording: Recording;
  #to: Reply;
  #isHead: boolean;
  /** Body bytes still to come by Content-Length; -1: nobody knows. */
  #left = -1;
  onGone: (() => void) | null = null;

  constructor({ method }: Exchange, to: Reply, recording: Recording) {
    this.#to = to;
    this.#isHead = method === "HEAD";
    this.recording = recording;
    const left = () => {
      recording.finish("client_left");
      this.onGone?.();
    };
    to.onGone = left;
  }

  get started(): boolean {
    return this.#to.started;
  }

  get over(): boolean {
    return this.#to.over;
  }

  get onDrain(): (() => void) | null {
    return this.#to.onDrain;
  }

  set onDrain(drain: (() => void) | null) {
    this.#to.onDrain = drain;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    if (this.#to.started || this.#to.over) return;
    this.#to.inform(status, reason, headers);
    this.recording.inform(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    if (this.#to.started || this.#to.over) return;
    this.#to.head(status, reason, headers);
    // It may be one that cannot be written.
    if (!this.#to.started) return;
    this.recording.head(status, reason, headers);
    const isBare = this.#isHead || status === 204 || status === 304;
    this.#left = isBare ? 0 : Number(headerOf(headers, "content-length") ?? -1);
    if (this.#left === 0) this.recording.finish("complete");
  }

  data(chunk: Buffer): boolean {
    if (this.#to.over) return true;
    const goesOn = this.#to.data(chunk);
    this.recording.data(chunk);
    if (this.#left > 0) {
      this.#left -= chunk.length;
      // The client has all of it: what happens to the connection from here on is another matter.
      if (this.#left <= 0) this.recording.finish("complete");
    }
    return goesOn;
  }

  end(trailers?: HeaderList): void {
    const isShort = this.#left > 0;
    if (!isShort) this.recording.finish("complete", trailers);
    else this.recording.finish("truncated");
    this.#to.end(trailers);
  }

  fail(error: RelayError): void {
    // First: whoever fails a reply is told of it as if the client had left.
    this.recording.finish(finishOf(error));
    this.#to.fail(error);
  }
}

/** The same for a WebSocket's handshake, which may become a tunnel. */
export class RecordedUpgrade extends RecordedReply implements UpgradeReply {
  #to: UpgradeReply;

  constructor(exchange: Exchange, to: UpgradeReply, recording: Recording) {
    super(exchange, to, recording);
    this.#to = to;
  }

  tunnel(headers: HeaderList, upstream: Duplex): void {
    if (!this.#to.started && !this.#to.over) {
      this.recording.head(101, "Switching Protocols", headers);
      hearTunnel(upstream, this.recording);
    }
    this.#to.tunnel(headers, upstream);
  }
}

/** Whether a connection was reset, or only ended too early. */
function finishOf(error: RelayError): Finish {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause)
    if (/^(?:ECONNRESET|EPIPE|ECONNABORTED)$/.test((cause as NodeJS.ErrnoException).code ?? ""))
      return "reset";
  return error.cut === "reset" ? "reset" : "truncated";
}

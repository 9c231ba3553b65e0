import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { upstreamTimeout } from "../errors.ts";
import type { HeaderList } from "../exchange.ts";
import type { AnswerHead } from "./answer-head.ts";
import { AnswerReader, type AnswerSink } from "./answer-reader.ts";
import type { Attempt, Connector, Target } from "./connector.ts";
import { toRequestHead, type UpstreamRequest } from "./request.ts";
import { Upload } from "./upload.ts";

/** Hears what becomes of one request. After `ended`, `switched` or `failed` comes nothing more. */
export interface AnswerHandler {
  /** The request goes out, on a connection that was open or took `connectMs` to open. */
  sent?(connectMs: number | undefined): void;
  /** An interim answer (1xx). */
  interim(head: AnswerHead): void;
  head(head: AnswerHead): void;
  data(slice: Buffer): void;
  ended(trailers: HeaderList | undefined): void;
  /** The connection is the handler's from here on. */
  switched(head: AnswerHead, socket: Socket): void;
  failed(error: Error): void;
}

export type ConnectionOptions = {
  target: Target;
  connect: Connector;
  /** Bytes of an answer's head. */
  headerLimit: number;
  /** Milliseconds for the head of an answer, and between two slices; 0: any. */
  headMs: number;
  idleMs: number;
};

/** Told of each socket that is connected, TLS included. */
const connected = channel("openai-relay:upstream:connected");

/** Bytes that node:net writes without a copy of its own. */
const smallWrite = 16_384;

/** One HTTP/1.1 connection to an upstream: opened at its first request, one request at a time. */
export class Connection implements AnswerSink {
  /** Milliseconds that it may idle before the next request; 0: it takes no other one. */
  idleMs = 0;
  /** On the clock of `performance.now()`: when it is to be closed if nobody uses it; for its pool. */
  freeUntil = 0;
  /** Whether any byte of the request may have reached upstream. */
  written = false;
  /** Whether any byte of an answer came. */
  heard = false;
  /** Called when it is lost, in use or not; not by `destroy`. */
  onLost: (() => void) | null = null;

  #options: ConnectionOptions;
  #reader: AnswerReader;
  #attempt: Attempt | undefined;
  #socket: Socket | undefined;
  #request: UpstreamRequest | undefined;
  #handler: AnswerHandler | undefined;
  #upload: Upload | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#reader = new AnswerReader(this, options.headerLimit);
  }

  /** Sends a request, once there is a connection. */
  send(request: UpstreamRequest, handler: AnswerHandler): void {
    this.#request = request;
    this.#handler = handler;
    this.written = this.heard = false;
    if (this.#socket) this.#write(this.#socket, request, undefined);
    else this.#open();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Whether it keeps a process alive that has nothing else to do: not while nobody uses it. */
  keepAlive(isUsed: boolean): void {
    if (isUsed) this.#socket?.ref();
    else this.#socket?.unref();
  }

  /** Closes it at once; nothing is heard of it any more. */
  destroy(): void {
    this.#isOver = true;
    this.#handler = undefined;
    this.#release();
    if (this.#socket) this.#socket.destroy();
    else this.#attempt?.destroy(new Error("given up"));
  }

  interim(head: AnswerHead): void {
    this.#handler?.interim(head);
  }

  head(head: AnswerHead): void {
    this.idleMs = head.idleMs;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#options.idleMs > 0) this.#arm(this.#options.idleMs, "timeouts.idle");
    this.#handler?.head(head);
  }

  data(slice: Buffer): void {
    this.#timer?.refresh();
    this.#handler?.data(slice);
  }

  end(trailers: HeaderList | undefined, isLast: boolean): void {
    const handler = this.#handler;
    const socket = this.#socket!;
    // What is still on its way up, or came unasked, would be taken for the next exchange's.
    if (this.#upload || socket.writableLength > 0 || !isLast) this.idleMs = 0;
    // Whoever held it back is served; unread it would hear neither another answer nor its own end.
    if (socket.isPaused()) socket.resume();
    this.#handler = undefined;
    this.#release();
    handler?.ended(trailers);
  }

  switched(head: AnswerHead, rest: Buffer): void {
    const handler = this.#handler;
    const socket = this.#socket!;
    this.#isOver = true;
    this.#handler = undefined;
    this.#socket = undefined;
    this.#release();
    socket.off("data", this.#read).off("end", this.#finished);
    socket.off("error", this.#fail).off("close", this.#finished);
    // Nothing may be read before the handler reads.
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    handler?.switched(head, socket);
  }

  #open(): void {
    const { connect, target } = this.#options;
    const began = performance.now();
    this.#attempt = connect(target, (error, socket) => {
      this.#attempt = undefined;
      if (error) this.#fail(error);
      else if (this.#isOver) socket.destroy();
      else this.#opened(socket, performance.now() - began);
    });
  }

  #opened(socket: Socket, connectMs: number): void {
    this.#socket = socket;
    connected.publish({ socket });
    socket.on("data", this.#read).on("end", this.#finished);
    socket.on("error", this.#fail).on("close", this.#finished);
    try {
      this.#write(socket, this.#request!, connectMs);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #write(socket: Socket, request: UpstreamRequest, connectMs: number | undefined): void {
    const { method, path, body, isChunked } = request;
    // It broke off before anybody listened.
    if (body !== null && "errored" in body && body.errored) throw body.errored;
    const { host } = this.#options.target;
    const head = toRequestHead(request, request.switch === "tunnel" ? path : host);
    this.#reader.expect(method, request.switch);
    this.written = true;
    this.#handler?.sent?.(connectMs);
    if (this.#options.headMs > 0) this.#arm(this.#options.headMs, "timeouts.head");
    if (body === null) socket.write(head, "latin1");
    else if (!Buffer.isBuffer(body)) {
      socket.write(head, "latin1");
      this.#upload = new Upload(socket, body, isChunked, {
        progress: () => this.#timer?.refresh(),
        done: () => {
          this.#upload = undefined;
        },
        failed: this.#fail,
      });
    } else if (head.length + body.length <= smallWrite) {
      socket.write(head + body.toString("latin1"), "latin1");
    } else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
  }

  #read = (bytes: Buffer): void => {
    if (!this.#handler) {
      // Bytes that nobody asked for.
      this.#lose();
      return;
    }
    this.heard = true;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  #finished = (): void => {
    // After a failed write nobody knows whether it was all that upstream had to say.
    const error = this.#socket?.errored;
    if (!error && this.#handler && this.#reader.endsWithConnection) this.end(undefined, false);
    else this.#fail(error ?? closedEarly());
  };

  #fail = (error: Error): void => {
    const handler = this.#handler;
    this.#lose();
    handler?.failed(error);
  };

  #lose(): void {
    if (this.#isOver) return;
    const { onLost } = this;
    this.destroy();
    onLost?.();
  }

  /** Lets go of what served one request. */
  #release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#upload?.stop();
    this.#upload = undefined;
    this.#request = undefined;
    this.#reader.stop();
  }

  #arm(ms: number, setting: string): void {
    this.#timer = setTimeout(() => {
      // Nobody is late who is held back.
      if (this.#socket?.isPaused()) this.#timer?.refresh();
      else this.#fail(upstreamTimeout(setting));
    }, ms);
  }
}

function closedEarly(): Error {
  return Object.assign(new Error("The connection was closed."), { code: "EOF" });
}

import { STATUS_CODES } from "node:http";
import { Readable } from "node:stream";
import type { RelayError } from "../errors.ts";
import type { Answerer, Exchange, HeaderList } from "../exchange.ts";
import { headerOf, toHeaderLines } from "../header-list.ts";
import { type Listener, LocalReply } from "../server/local-reply.ts";
import { Decoding, unpackerFor } from "./decode.ts";
import { CurlError, toCurlError } from "./failure.ts";
import type { Progress } from "./meter.ts";
import type { CurlOptions } from "./options.ts";
import { formatHead, marked } from "./print.ts";
import type { Sink } from "./sink.ts";

/** What a transfer prints to, and who else hears of it. */
export type TransferParts = {
  options: CurlOptions;
  output: Sink;
  /** The file of `-D`. */
  dump: Sink | undefined;
  /** When there is no more time; on the clock of `performance.now()`. */
  until: number;
  say(text: string): void;
  /** Hears of the head before any of it is printed; `false`: nobody wants this body. */
  wants(status: number, headers: HeaderList): boolean;
};

/** One request and its answer, which is printed while it arrives. */
export class Transfer implements Listener {
  readonly exchange: Exchange;
  status = 0;
  headers: HeaderList = [];
  headBytes = 0;
  /** Bytes of the body as they came, packed or not. */
  bytesOut = 0;
  firstByteAt: number | undefined;
  endedAt = 0;
  error: CurlError | undefined;

  #parts: TransferParts;
  #reply: LocalReply;
  #decoding: Decoding | undefined;
  #isWanted = true;
  #ended = Promise.withResolvers<void>();

  constructor(exchange: Exchange, parts: TransferParts) {
    this.exchange = exchange;
    this.#parts = parts;
    this.#reply = new LocalReply(exchange.method, this);
    const { output, dump } = parts;
    const drained = () => this.#reply.onDrain?.();
    output.onDrain = () => (this.#decoding ? this.#decoding.resume() : drained());
    output.onError = (error) => this.#stop(error);
    if (dump) Object.assign(dump, { onDrain: drained, onError: output.onError });
  }

  /** Asks; resolves when all of the answer is printed, or when there will be no more of it. */
  async run(answer: Answerer): Promise<void> {
    const { until } = this.#parts;
    const { body } = this.exchange;
    const stream = body instanceof Readable ? body : null;
    stream?.on("error", (error) => error instanceof CurlError && this.#stop(error));
    const left = until - performance.now();
    const timer = Number.isFinite(left) ? setTimeout(() => this.#timeOut(), left) : undefined;

    answer(this.exchange, this.#reply);
    await this.#ended.promise;

    clearTimeout(timer);
    stream?.destroy();
    this.endedAt = performance.now();
  }

  get progress(): Progress {
    const { bytesIn, bodyLength } = this.exchange;
    const length = headerOf(this.headers, "content-length");
    return {
      received: this.bytesOut,
      toReceive: length === undefined ? undefined : Number(length),
      sent: bytesIn,
      toSend: bodyLength,
    };
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    this.#showHead(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    const { options, wants } = this.#parts;
    this.status = status;
    this.headers = headers;
    this.#isWanted = wants(status, headers);
    this.#showHead(status, reason, headers);
    if (options.fail && status >= 400) this.#stop(httpError(status));
    else if (options.head) this.#end();
    else if (options.compressed && this.#isWanted)
      this.#unpack(headerOf(headers, "content-encoding") ?? "");
  }

  data(chunk: Buffer): boolean {
    this.bytesOut += chunk.length;
    // To its end, so that the connection can go on.
    if (!this.#isWanted) return true;
    return (this.#decoding ?? this.#parts.output).write(chunk);
  }

  done(error: RelayError | undefined, trailers: HeaderList): void {
    const { started } = this.#reply;
    if (trailers[0]) this.#show(toHeaderLines(trailers));
    if (!error) this.#end();
    else if (started || error.code.startsWith("upstream_")) this.#stop(toCurlError(error, started));
    else this.#refuse(error);
  }

  /** A refusal is an answer, the one that a client of a running relay would get. */
  #refuse(error: RelayError): void {
    const headers = ["Content-Type", "application/json", "x-relay-error", error.code];
    this.head(error.status, STATUS_CODES[error.status] ?? "", [...headers, ...error.headers]);
    if (this.exchange.method !== "HEAD" && !this.#parts.options.fail)
      this.data(Buffer.from(JSON.stringify(error)));
    this.#end();
  }

  #unpack(encoding: string): void {
    try {
      const unpacker = unpackerFor(encoding);
      if (!unpacker) return;
      this.#decoding = new Decoding(unpacker, {
        unpacked: (bytes) => this.#parts.output.write(bytes),
        drained: () => this.#reply.onDrain?.(),
        failed: (error) => this.#stop(error),
      });
    } catch (error) {
      this.#stop(error as CurlError);
    }
  }

  /** Nothing more is wanted of the answer. */
  async #end(): Promise<void> {
    this.#reply.leave();
    await this.#decoding?.end();
    if (this.#parts.options.failWithBody && this.status >= 400)
      this.error ??= httpError(this.status);
    if (this.#isWanted && !this.error) this.#parts.output.touch();
    this.#ended.resolve();
  }

  #timeOut(): void {
    const ms = Math.round(performance.now() - this.exchange.startedAt);
    this.#stop(new CurlError(28, `Timed out after ${ms} ms with ${this.bytesOut} bytes received`));
  }

  #stop(error: CurlError): void {
    this.#reply.leave();
    this.error ??= error;
    this.#ended.resolve();
  }

  #showHead(status: number, reason: string, headers: HeaderList): void {
    this.firstByteAt ??= performance.now();
    const text = formatHead(status, reason, headers);
    this.headBytes += text.length;
    this.#show(text);
  }

  #show(text: string): void {
    const { options, output, dump, say } = this.#parts;
    if (options.include || options.head) output.write(text);
    dump?.write(text);
    if (options.verbose) say(marked("<", text));
  }
}

function httpError(status: number): CurlError {
  return new CurlError(22, `The requested URL returned error: ${status}`);
}

import { STATUS_CODES } from "node:http";
import { Readable } from "node:stream";
import { type Listener, LocalReply } from "../client/reply.ts";
import type { RelayError } from "../errors.ts";
import type { Answerer, Exchange, HeaderList } from "../exchange.ts";
import { CurlError, toCurlError } from "./failure.ts";
import type { CurlOptions } from "./options.ts";
import { createSink, formatHead, formatLines, type Sink, verboseSink } from "./print.ts";

/** One request and its answer, which is printed while it arrives. */
export class Transfer implements Listener {
  readonly exchange: Exchange;
  readonly url: string;
  status = 0;
  headers: HeaderList = [];
  bytesOut = 0;
  firstByteAt: number | undefined;
  endedAt = 0;
  error: CurlError | undefined;

  #options: CurlOptions;
  #reply: LocalReply;
  #body: Sink;
  /** Where heads are shown. */
  #heads: Sink[] = [];
  #ended = Promise.withResolvers<CurlError | undefined>();

  /** `output` is the file for the body, `-` for standard output; `url` is only for showing. */
  constructor(exchange: Exchange, url: string, options: CurlOptions, output: string) {
    this.exchange = exchange;
    this.url = url;
    this.#options = options;
    this.#reply = new LocalReply(exchange.method, this);
    const onDrain = () => this.#reply.onDrain?.();
    const onError = (error: CurlError) => this.#stop(error);
    this.#body = createSink(output, { onDrain, onError });
    if (options.include || options.head) this.#heads.push(this.#body);
    if (options.dumpHeader) this.#heads.push(createSink(options.dumpHeader, { onDrain, onError }));
    if (options.verbose) this.#heads.push(verboseSink);
  }

  /** Asks; resolves when all of the answer is printed, or when there will be no more of it. */
  async run(answer: Answerer): Promise<void> {
    const { body } = this.exchange;
    const stream = body instanceof Readable ? body : null;
    stream?.on("error", (error) => error instanceof CurlError && this.#stop(error));
    const { maxTime } = this.#options;
    const timer = maxTime ? setTimeout(() => this.#timeOut(), maxTime * 1000) : undefined;

    answer(this.exchange, this.#reply);
    const error = await this.#ended.promise;

    clearTimeout(timer);
    stream?.destroy();
    for (const sink of new Set([this.#body, ...this.#heads])) await sink.close();
    this.error ??= error;
    this.endedAt = performance.now();
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    this.#showHead(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    this.status = status;
    this.headers = headers;
    this.#showHead(status, reason, headers);
    if (this.#options.fail && status >= 400) this.#stop(httpError(status));
    else if (this.#options.head) this.#end();
  }

  data(chunk: Buffer): boolean {
    this.bytesOut += chunk.length;
    return this.#body.write(chunk);
  }

  done(error: RelayError | undefined, trailers: HeaderList): void {
    const { started } = this.#reply;
    if (trailers[0]) this.#show(formatLines(trailers));
    if (!error) this.#end();
    else if (started || error.code.startsWith("upstream_")) this.#stop(toCurlError(error, started));
    else this.#refuse(error);
  }

  /** A refusal is an answer, the one that a client of a running relay would get. */
  #refuse(error: RelayError): void {
    const headers = ["Content-Type", "application/json", "x-relay-error", error.code];
    this.head(error.status, STATUS_CODES[error.status] ?? "", [...headers, ...error.headers]);
    if (this.exchange.method !== "HEAD" && !this.#options.fail)
      this.data(Buffer.from(JSON.stringify(error)));
    this.#end();
  }

  /** Nothing more is wanted of the answer. */
  #end(): void {
    const failed = this.#options.failWithBody && this.status >= 400;
    this.#reply.leave();
    this.#ended.resolve(failed ? httpError(this.status) : undefined);
  }

  #timeOut(): void {
    const ms = Math.round(performance.now() - this.exchange.startedAt);
    this.#stop(new CurlError(28, `Timed out after ${ms} ms with ${this.bytesOut} bytes received`));
  }

  #stop(error: CurlError): void {
    this.#reply.leave();
    this.error ??= error;
    this.#ended.resolve(error);
  }

  #showHead(status: number, reason: string, headers: HeaderList): void {
    this.firstByteAt ??= performance.now();
    this.#show(formatHead(status, reason, headers));
  }

  #show(text: string): void {
    for (const sink of this.#heads) sink.write(text);
  }
}

function httpError(status: number): CurlError {
  return new CurlError(22, `The requested URL returned error: ${status}`);
}

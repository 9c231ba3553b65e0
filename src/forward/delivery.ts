import type { Duplex } from "node:stream";
import type { Client, Dispatcher } from "undici";
import { upstreamFailed } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";
import type { Key } from "../key/holder.ts";
import { toUpstreamFailure } from "../upstream/failure.ts";
import { mayRetry, withAdvice } from "../upstream/retry.ts";
import { toClientHeaders } from "./answer-headers.ts";
import { toReason } from "./reason.ts";
import type { Redirects } from "./redirect.ts";
import type { Step } from "./step.ts";
import { toHeadAnswer } from "./via-get.ts";

/** What all attempts at one exchange share. */
export type Course = {
  reply: Reply;
  /** The key that goes up, but for redirects. */
  key: Key | undefined;
  /** What to do with a 101, when the request asks for one. */
  tunnel?: (headers: HeaderList, upstream: Duplex) => void;
  /** The client sent HEAD and upstream is asked with a ranged GET. */
  viaGet: boolean;
  redirects: Redirects | undefined;
  /** The timer of `timeouts.total`. */
  timer: NodeJS.Timeout | undefined;
  retried: boolean;
};

/**
 * One attempt to have a request answered. undici calls the methods below, and each slice goes on to the
 * reply in the same call. Whatever ends the attempt ends it once: what comes after is not heard.
 */
export class Delivery implements Dispatcher.DispatchHandler {
  #course: Course;
  #step: Step;
  #client: Client;
  #controller: Dispatcher.DispatchController | undefined;
  #answered = false;
  #over = false;

  /** Starts at once. `fresh`: on a connection that was never used. */
  constructor(course: Course, step: Step, fresh = false) {
    this.#course = course;
    this.#step = step;
    this.#client = step.pool.take(fresh);
    // Assigned from variables: V8 keeps function literals that are written into a property for longer.
    const onDrain = () => this.#controller?.resume();
    const onGone = () => this.#abort();
    course.reply.onDrain = onDrain;
    course.reply.onGone = onGone;
    try {
      this.#client.dispatch(step.request as Dispatcher.DispatchOptions, this);
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  /** At the first byte of an answer. */
  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    text = "",
  ): void {
    if (this.#over) return;
    const { reply, viaGet, redirects } = this.#course;
    const raw = controller.rawHeaders as Buffer[];
    const oddity = isCoded(raw) ? coded : status < 100 || status === 101 ? switched : undefined;
    if (oddity !== undefined) {
      this.#abort();
      reply.fail(upstreamFailed("upstream_bad_response", oddity, undefined));
      return;
    }
    const reason = toReason(status, text);
    const headers = toClientHeaders(raw);
    // undici would keep them, and what they were cut from, for as long as the stream lives.
    controller.rawHeaders = null;
    if (status < 200) {
      reply.inform(status, reason, headers);
      return;
    }
    if (status === 401 && this.#step.hops === 0) this.#course.key?.refused();
    const next = redirects?.next(this.#step, status, headers);
    if (next) {
      this.#drop();
      new Delivery(this.#course, next);
    } else if (viaGet) {
      const answer = toHeadAnswer(status, reason, headers);
      reply.head(answer.status, answer.reason, answer.headers);
      // Upstream may have ignored Range, and nobody wants the body.
      this.#abort();
    } else reply.head(status, reason, headers);
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: unknown,
    upstream: Duplex,
  ): void {
    if (this.#over) {
      upstream.on("error", () => {}).destroy();
      return;
    }
    this.#drop();
    this.#course.tunnel?.(toClientHeaders(controller.rawHeaders as Buffer[]), upstream);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#course.reply.data(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#over) return;
    // Where only the end of the connection ends an answer, undici takes a reset for it.
    const fault = this.#step.pool.faultOf(this.#client);
    if (fault) {
      this.onResponseError(controller, fault);
      return;
    }
    this.#over = true;
    clearTimeout(this.#course.timer);
    this.#step.pool.give(this.#client);
    const trailers = controller.rawTrailers as Buffer[] | null | undefined;
    this.#course.reply.end(trailers?.length ? toClientHeaders(trailers) : undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#over) return;
    const { reply, retried, timer } = this.#course;
    const { request, pool } = this.#step;
    const written = this.#controller !== undefined;
    this.#drop();
    const failure = toUpstreamFailure(error, pool.origin);
    const { method, body } = request;
    const attempt = { method, hasBody: body !== null, written, answered: this.#answered };
    if (!retried && !reply.over && mayRetry(failure, attempt)) {
      this.#course.retried = true;
      new Delivery(this.#course, this.#step, true);
      return;
    }
    clearTimeout(timer);
    reply.fail(withAdvice(failure, attempt));
  }

  /** The client left, or nobody wants the rest: upstream must stop working for it. */
  #abort(): void {
    if (this.#over) return;
    clearTimeout(this.#course.timer);
    this.#drop();
  }

  /** Lets go of the connection; nothing that still comes over it counts. */
  #drop(): void {
    this.#over = true;
    this.#step.pool.discard(this.#client);
  }
}

const coded = "OpenAI answered with a transfer coding that nobody had asked for.";
const switched = "OpenAI answered with a status that nobody had asked for.";

/** Whether a transfer coding is left in the body: without its header nobody could undo it. */
function isCoded(raw: readonly Buffer[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]!.length !== 17 || !/^transfer-encoding$/i.test(raw[i]!.toString())) continue;
    if (!/^\s*chunked\s*$/i.test(raw[i + 1]!.toString())) return true;
  }
  return false;
}

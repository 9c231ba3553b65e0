import type { Duplex } from "node:stream";
import type { Exchange, HeaderList, Reply } from "../exchange.ts";
import type { Key } from "../key/holder.ts";
import type { AnswerHead } from "../upstream/answer-head.ts";
import type { AnswerHandler, Connection } from "../upstream/connection.ts";
import { toUpstreamFailure } from "../upstream/failure.ts";
import { mayRetry, withAdvice } from "../upstream/retry.ts";
import { toClientHeaders, toClientTrailers } from "./answer-headers.ts";
import type { Redirects } from "./redirect.ts";
import type { Step } from "./step.ts";
import { toHeadAnswer } from "./via-get.ts";

/** What all attempts at one exchange share. */
export type Course = {
  exchange: Exchange;
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
 * One attempt to have a request answered. The connection calls the methods below, and each slice goes on
 * to the reply in the same call. Whatever ends the attempt ends it once: what comes after is not heard.
 */
export class Delivery implements AnswerHandler {
  #course: Course;
  #step: Step;
  #connection: Connection;
  #over = false;

  /** Starts at once. `fresh`: on a connection that was never used. */
  constructor(course: Course, step: Step, fresh = false) {
    this.#course = course;
    this.#step = step;
    const connection = step.pool.take(fresh);
    this.#connection = connection;
    // Assigned from variables: V8 keeps function literals that are written into a property for longer.
    const onDrain = () => connection.resume();
    const onGone = () => this.#abort();
    course.reply.onDrain = onDrain;
    course.reply.onGone = onGone;
    try {
      connection.send(step.request, this);
    } catch (error) {
      this.failed(error as Error);
    }
  }

  sent(connectMs: number | undefined): void {
    const { exchange } = this.#course;
    exchange.sentAt = performance.now();
    exchange.connectMs = connectMs;
  }

  interim({ status, reason, headers }: AnswerHead): void {
    this.#course.reply.inform(status, reason, toClientHeaders(headers));
  }

  head(head: AnswerHead): void {
    const { reply, viaGet, redirects } = this.#course;
    const { status, reason } = head;
    const headers = toClientHeaders(head.headers);
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

  data(slice: Buffer): void {
    if (!this.#course.reply.data(slice)) this.#connection.pause();
  }

  ended(trailers: HeaderList | undefined): void {
    this.#over = true;
    clearTimeout(this.#course.timer);
    this.#step.pool.give(this.#connection);
    this.#course.reply.end(trailers && toClientTrailers(trailers));
  }

  switched({ headers }: AnswerHead, upstream: Duplex): void {
    this.#drop();
    this.#course.tunnel?.(toClientHeaders(headers), upstream);
  }

  failed(error: Error): void {
    if (this.#over) return;
    const { reply, retried, timer } = this.#course;
    const { request, pool } = this.#step;
    const { written, heard: answered } = this.#connection;
    this.#drop();
    const failure = toUpstreamFailure(error, pool.origin);
    const { method, body } = request;
    const attempt = { method, hasBody: body !== null, written, answered };
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
    this.#step.pool.discard(this.#connection);
  }
}

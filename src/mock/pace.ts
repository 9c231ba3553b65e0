import type { RelayError } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { dataOf, parsed, tokensOfBody, tokensOfEvent } from "./spoken.ts";
import { ReplyThrough } from "./through.ts";

/** How long an answer takes, in milliseconds. */
export type Pace = {
  /** To its first byte. */
  latency: number;
  /** For each token. */
  token: number;
  /** For each piece of a stream that says something. */
  delta: number;
};

/** Says when what has been said so far is due: by count, so that no lateness adds up. */
export class Rhythm {
  #pace: Pace;
  #due: number;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#due = performance.now() + pace.latency;
  }

  /** The moment, on the clock of `performance.now()`, when `tokens` more have been said. */
  after(tokens: number, deltas = 0): number {
    this.#due += tokens * this.#pace.token + deltas * this.#pace.delta;
    return this.#due;
  }
}

export function paced(reply: Reply, pace: Pace): Reply {
  const { latency, token, delta } = pace;
  return latency + token + delta > 0 ? new PacedReply(reply, pace) : reply;
}

type Step = { due: number; take: () => boolean };

/**
 * Gives an answer on as a model would make it: a stream piece by piece, each when its tokens are due, a
 * whole answer, head included, when all of its tokens are. One timer, for the next step only.
 */
class PacedReply extends ReplyThrough {
  #rhythm: Rhythm;
  #steps: Step[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #streams = false;
  /** The head of a whole answer, which leaves with what follows. */
  #head: (() => void) | undefined;

  constructor(to: Reply, pace: Pace) {
    super(to);
    this.#rhythm = new Rhythm(pace);
    to.onDrain = () => this.#drained();
    to.onGone = () => {
      this.#stop();
      this.onGone?.();
    };
  }

  override get over(): boolean {
    return this.#ended || this.to.over;
  }

  override head(status: number, reason: string, headers: HeaderList): void {
    const take = () => this.to.head(status, reason, headers);
    this.#streams = headerOf(headers, "content-type")?.startsWith("text/event-stream") ?? false;
    if (!this.#streams) this.#head = take;
    else this.#add(this.#rhythm.after(0), take);
  }

  override data(chunk: Buffer): boolean {
    const tokens = this.#streams ? dataOf(`${chunk}`).map(toTokens) : [bodyTokens(chunk)];
    const all = tokens.reduce((sum, one) => sum + one, 0);
    const deltas = this.#streams ? tokens.filter((one) => one > 0).length : 0;
    return this.#add(this.#rhythm.after(all, deltas), () => this.to.data(chunk));
  }

  override end(trailers?: HeaderList): void {
    this.#add(this.#rhythm.after(0), () => this.to.end(trailers));
    this.#ended = true;
  }

  override fail(error: RelayError): void {
    this.#stop();
    this.to.fail(error);
  }

  /** `false`: it is not yet time, or the client is slow. */
  #add(due: number, take: () => unknown): boolean {
    if (this.over) return true;
    const head = this.#head;
    this.#head = undefined;
    const takeAll = () => {
      head?.();
      return take() !== false;
    };
    this.#steps.push({ due, take: takeAll });
    return this.#timer === undefined && this.#go();
  }

  /** Takes every step whose time has come; whether the client wants more at once. */
  #go(): boolean {
    this.#timer = undefined;
    let wantsMore = true;
    for (;;) {
      const [next] = this.#steps;
      if (!next) return wantsMore;
      const wait = next.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => {
          if (this.#go()) this.#drained();
        }, wait);
        return false;
      }
      this.#steps.shift();
      wantsMore = next.take();
    }
  }

  #drained(): void {
    if (this.#timer === undefined) this.onDrain?.();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#steps = [];
  }
}

function toTokens(data: string): number {
  return tokensOfEvent(parsed(data));
}

function bodyTokens(body: Buffer): number {
  return body[0] === 0x7b ? tokensOfBody(parsed(`${body}`)) : 0;
}

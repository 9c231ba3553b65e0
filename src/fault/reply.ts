import type { Duplex } from "node:stream";
import { brokenOnPurpose, type RelayError } from "../errors.ts";
import type { HeaderList, UpgradeReply } from "../exchange.ts";
import { headerOf, without } from "../header-list.ts";
import { stream } from "./alterations.ts";
import type { Alter, Alteration, Step } from "./steps.ts";

/** What the answer of a call with a fault says, so that nobody takes the fault for OpenAI's doing. */
export const marked = "x-relay-fault";

/** What is left to do once all steps before it are done. */
type Last =
  | { kind: "last"; trailers: HeaderList | undefined }
  | { kind: "fail"; error: RelayError };

export type Parts = {
  name: string;
  /** `undefined`: answers over HTTP pass as they are. */
  alteration: Alteration | undefined;
  /** Joins what becomes of a WebSocket. */
  tunnel?: (upstream: Duplex) => Duplex;
  struck(): void;
};

/**
 * Stands between who answers and the real reply, and makes of the answer what a fault wants. Answers that
 * the fault has no use for (errors, other media types, packed ones) pass as they are.
 */
export class FaultyReply implements UpgradeReply {
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;

  #to: UpgradeReply;
  #parts: Parts;
  #alter: Alter | undefined;
  /** What is to be done, made a step at a time: one slice may have a step for each byte. */
  #steps: Iterator<Step | Last>[] = [];
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** Why the next step has to wait. */
  #held: "drain" | "time" | undefined;
  #over = false;

  constructor(to: UpgradeReply, parts: Parts) {
    this.#to = to;
    this.#parts = parts;
    to.onDrain = () => {
      if (this.#held === "drain") this.#release();
    };
    to.onGone = () => this.#stop();
  }

  get started(): boolean {
    return this.#to.started;
  }

  get over(): boolean {
    return this.#over || this.#to.over;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    this.#to.inform(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    const { name, alteration, struck } = this.#parts;
    if (!alteration || status < 200 || status > 299 || !fits(alteration, headers)) {
      this.#to.head(status, reason, headers);
      return;
    }
    this.#alter = alteration.start(struck, stream.test(typeOf(headers)));
    const list = alteration.resizes ? without(headers, /^content-length$/i) : headers;
    this.#to.head(status, reason, [...list, marked, name]);
  }

  data(chunk: Buffer): boolean {
    if (!this.#alter) return this.#to.data(chunk);
    this.#add(this.#alter(chunk));
    return this.#held === undefined;
  }

  end(trailers?: HeaderList): void {
    if (this.#alter) this.#add(this.#alter(null));
    this.#add([{ kind: "last", trailers }]);
  }

  fail(error: RelayError): void {
    this.#add([{ kind: "fail", error }]);
  }

  tunnel(headers: HeaderList, upstream: Duplex): void {
    const { tunnel, name } = this.#parts;
    if (tunnel) this.#to.tunnel([...headers, marked, name], tunnel(upstream));
    else this.#to.tunnel(headers, upstream);
  }

  #add(steps: Iterable<Step | Last>): void {
    this.#steps.push(steps[Symbol.iterator]());
    this.#play();
  }

  /** Takes steps until one has to wait. */
  #play(): void {
    while (this.#held === undefined && !this.over) {
      const [next] = this.#steps;
      if (!next) return;
      const { done, value } = next.next();
      if (done) this.#steps.shift();
      else this.#take(value);
    }
  }

  #take(step: Step | Last): void {
    if (Buffer.isBuffer(step)) {
      if (step.length > 0 && !this.#to.data(step)) this.#held = "drain";
    } else if (step.kind === "slice") {
      this.#held = "time";
      this.#timer = setImmediate(() => this.#release());
    } else if (step.kind === "wait") {
      this.#held = "time";
      if (Number.isFinite(step.ms)) this.#timer = setTimeout(() => this.#release(), step.ms);
    } else if (step.kind === "fail") this.#to.fail(step.error);
    else if (step.kind === "last") this.#to.end(step.trailers);
    else this.#finish(step.how);
  }

  #release(): void {
    this.#held = undefined;
    this.#play();
    if (this.#held === undefined && !this.over) this.onDrain?.();
  }

  /** The rest is of no use: whoever answers is told to stop. */
  #finish(how: "clean" | "close" | "reset"): void {
    if (how === "clean") this.#to.end();
    else this.#to.fail(brokenOnPurpose(this.#parts.name, how));
    this.#stop();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#steps = [];
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.onGone?.();
  }
}

/** Events and characters can be told apart only in what is not packed. */
function fits({ types }: Alteration, headers: HeaderList): boolean {
  if (types === undefined) return true;
  const coding = headerOf(headers, "content-encoding") ?? "identity";
  return types.test(typeOf(headers)) && coding.toLowerCase() === "identity";
}

function typeOf(headers: HeaderList): string {
  return headerOf(headers, "content-type") ?? "";
}

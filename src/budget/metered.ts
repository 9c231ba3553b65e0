import type { RelayError } from "../errors.ts";
import type { Ending, HeaderList, Reply } from "../exchange.ts";
import type { Found } from "../usage/found.ts";
import { type Reading, readingOf } from "./reading.ts";

/** How an answer ended, and what it said about its cost. */
export type Metered = { status: number; ending: Ending; found: Found | undefined };

/** Stands between who answers and the real reply: passes all on as it is, and reads what it cost. */
export class MeteredReply implements Reply {
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;

  #to: Reply;
  #tell: (metered: Metered) => void;
  #status = 0;
  #reading: Reading | undefined;
  #isTold = false;

  /** `tell` is called once, when it is over. */
  constructor(to: Reply, tell: (metered: Metered) => void) {
    this.#to = to;
    this.#tell = tell;
    to.onDrain = () => this.onDrain?.();
    to.onGone = () => {
      this.#over("client_left");
      this.onGone?.();
    };
  }

  get started(): boolean {
    return this.#to.started;
  }

  get over(): boolean {
    return this.#to.over;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    this.#to.inform(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    this.#status = status;
    this.#reading = readingOf(headers);
    this.#to.head(status, reason, headers);
  }

  data(chunk: Buffer): boolean {
    const goesOn = this.#to.data(chunk);
    this.#reading?.chunk(chunk);
    return goesOn;
  }

  end(trailers?: HeaderList): void {
    // First: who has read the end of an answer finds the budget settled.
    this.#over("complete");
    this.#to.end(trailers);
  }

  fail(error: RelayError): void {
    this.#over(this.#status === 0 ? "refused" : "upstream_broke");
    this.#to.fail(error);
  }

  #over(ending: Ending): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const status = this.#status;
    if (this.#reading) this.#reading.end((found) => this.#tell({ status, ending, found }));
    else this.#tell({ status, ending, found: undefined });
  }
}

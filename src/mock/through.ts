import type { RelayError } from "../errors.ts";
import type { HeaderList, Reply } from "../exchange.ts";

/** A reply that passes every step on to another: what extends it changes one of them. */
export class ReplyThrough implements Reply {
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  protected readonly to: Reply;

  constructor(to: Reply) {
    this.to = to;
    to.onDrain = () => this.onDrain?.();
    to.onGone = () => this.onGone?.();
  }

  get started(): boolean {
    return this.to.started;
  }

  get over(): boolean {
    return this.to.over;
  }

  inform(status: number, reason: string, headers: HeaderList): void {
    this.to.inform(status, reason, headers);
  }

  head(status: number, reason: string, headers: HeaderList): void {
    this.to.head(status, reason, headers);
  }

  data(chunk: Buffer): boolean {
    return this.to.data(chunk);
  }

  end(trailers?: HeaderList): void {
    this.to.end(trailers);
  }

  fail(error: RelayError): void {
    this.to.fail(error);
  }
}

/** Events after which nothing of an event stream is missing, though its end has not come. */
const last =
  /(?:^|\n)(?:data: ?\[DONE\]|event: ?(?:response\.(?:completed|failed|incomplete)|image_(?:generation|edit)\.completed|transcript\.text\.done|speech\.audio\.done|done|error)) ?(?=\r?\n)/;

/** Longer than any of these lines. */
const overlap = 64;

/** Follows an event stream: many clients leave as soon as they have heard the last event. */
export class Terminal {
  #tail = "";
  #heard = false;

  /** `text` in latin-1. */
  feed(text: string): void {
    const seen = this.#tail + text;
    this.#heard ||= last.test(seen);
    this.#tail = seen.slice(-overlap);
  }

  /** Whether the last event came, and whole. */
  get reached(): boolean {
    return this.#heard && /\n\r?\n$/.test(this.#tail);
  }
}

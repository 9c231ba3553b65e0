import { closingLines, overlap } from "../closing-event.ts";

/** Events after which nothing of an event stream is missing, though its end has not come. */
const last = new RegExp(`(?:^|\\n)${closingLines}(?=\\r?\\n)`);

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

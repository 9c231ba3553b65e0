/** The line that tells of the end of an event stream: whoever has read its event has read all. */
export const closingEvent =
  /^(?:data: ?\[DONE\]|event: ?(?:response\.(?:completed|failed|incomplete)|image_(?:generation|edit)\.completed|transcript\.text\.done|speech\.audio\.done|done|error)) ?\r?$/m;

/** Longer than any of these lines. */
const overlap = 64;

/** Follows an event stream until the event that closes it has come, and whole. */
export class Closing {
  isThere = false;
  #hasBegun = false;
  #tail = "";

  read(chunk: Buffer): void {
    if (this.isThere) return;
    const text = this.#tail + chunk.toString("latin1");
    this.#hasBegun ||= closingEvent.test(text);
    this.isThere = this.#hasBegun && /\n\r?\n$/.test(text);
    this.#tail = text.slice(-overlap);
  }
}

/** The lines that tell of the end of an event stream, without their own ends; for patterns. */
export const closingLines =
  /(?:data: ?\[DONE\]|event: ?(?:response\.(?:completed|failed|incomplete)|image_(?:generation|edit)\.completed|transcript\.text\.done|speech\.audio\.done|done|error)) ?/
    .source;

/** The line that tells of the end of an event stream: whoever has read its event has read all. */
export const closingEvent = new RegExp(`^${closingLines}\\r?$`, "m");

/** Longer than any of these lines. */
export const overlap = 64;

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

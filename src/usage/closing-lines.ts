import { closingLines, overlap } from "../closing-event.ts";
import { copy } from "./latin1.ts";

const closing = new RegExp(`^${closingLines}\\r?$`);

/** Follows the lines of an event stream until the event that closes it is there, and whole. */
export class ClosingLines {
  isClosed = false;
  #hasBegun = false;
  /** The line that has not ended yet, or what of it tells it from a closing one. */
  #line = "";

  read(slice: string): void {
    if (this.isClosed) return;
    let at = 0;
    for (let end = slice.indexOf("\n"); end >= 0; end = slice.indexOf("\n", at)) {
      if (isPlain(slice, at, end)) this.#line = "";
      else this.#end(slice, at, end);
      at = end + 1;
    }
    if (at < slice.length && this.#line.length <= overlap) {
      this.#line += copy(slice.slice(at, at + overlap + 1));
    }
  }

  #end(slice: string, from: number, end: number): void {
    if (this.#line.length + end - from <= overlap) {
      const line = this.#line + slice.slice(from, end);
      if (line === "" || line === "\r") this.isClosed ||= this.#hasBegun;
      else this.#hasBegun ||= closing.test(line);
    }
    this.#line = "";
  }
}

/** Nearly all lines: they end in a bracket, or in `delta`, as no closing line does. */
function isPlain(slice: string, from: number, end: number): boolean {
  return end > from && (slice[end - 1] === "}" || slice[end - 1] === "a");
}

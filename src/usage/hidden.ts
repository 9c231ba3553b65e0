/** An event that is longer is not the one: it has no text in it. */
const longest = 16_384;

/** Two ends of lines: that of an event. */
const blank = /\n\r?\n/g;

/** Takes the chunk with the usage out of a chat stream. All other bytes stay as they are, and go at once. */
export class UsageFilter {
  /** The beginning of what may be the hidden event. */
  #held = Buffer.alloc(0);
  /** The last two characters of an event that has begun to pass; `undefined`: at the beginning of one. */
  #passing: string | undefined;

  /** The parts of the stream that may pass with `slice`. */
  pass(slice: Buffer): Buffer[] {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, slice]) : slice;
    this.#held = Buffer.alloc(0);
    const text = bytes.toString("latin1");
    const parts: Buffer[] = [];
    let kept = 0;
    let at = this.#passing === undefined ? 0 : this.#endOfPassing(text);
    while (at < text.length) {
      const end = endOfEvent(text, at);
      if (end === undefined && mayBeHidden(text.slice(at))) {
        this.#held = Buffer.from(bytes.subarray(at));
        parts.push(bytes.subarray(kept, at));
        return parts.filter(({ length }) => length > 0);
      }
      if (end === undefined) this.#passing = text.slice(-2);
      else if (isHidden(text.slice(at, end))) {
        parts.push(bytes.subarray(kept, at));
        kept = end;
      }
      at = end ?? text.length;
    }
    parts.push(bytes.subarray(kept));
    return parts.filter(({ length }) => length > 0);
  }

  /** What is left when the stream ends. */
  rest(): Buffer {
    return isHidden(this.#held.toString("latin1")) ? Buffer.alloc(0) : this.#held;
  }

  /** Where in `text` the event ends that passes. */
  #endOfPassing(text: string): number {
    const last = this.#passing!;
    const end = endOfEvent(last + text, 0);
    this.#passing = end === undefined ? (last + text).slice(-2) : undefined;
    return end === undefined ? text.length : end - last.length;
  }
}

function endOfEvent(text: string, from: number): number | undefined {
  blank.lastIndex = from;
  return blank.test(text) ? blank.lastIndex : undefined;
}

/** Whether an event that has only begun may turn out to be the one. */
function mayBeHidden(text: string): boolean {
  const isData = /^[\r\n]*(?:data: ?|d?|da|dat|data)(?:\{|$)/.test(text);
  if (!isData || text.length > longest) return false;
  return !/"choices"\s*:\s*(?:\[\s*[^\]\s]|[^[\s])|"usage"\s*:\s*[^{\s]/.test(text);
}

/** Whether an event is the chunk that only tells the usage. */
function isHidden(event: string): boolean {
  if (event.length > longest || !event.includes('"usage"')) return false;
  const data = /^[\r\n]*data:([^\r\n]*)[\r\n]*$/.exec(event)?.[1];
  if (data === undefined) return false;
  try {
    const { choices, usage } = JSON.parse(data);
    const isUsage = typeof usage === "object" && usage !== null;
    return isUsage && Array.isArray(choices) && choices.length === 0;
  } catch {
    return false;
  }
}

import type { Side, Slice } from "../journal/call.ts";

/** An event of a stream, or a message of a WebSocket. */
export type StreamEvent = {
  /** When its first and its last byte came, in milliseconds from the start of the call. */
  from: number;
  at: number;
  /** What stands behind `event:`. */
  name?: string;
  /** What stands behind `data:`, lines joined; the text of a message. */
  data: string;
  id?: string;
  /** Comment lines, which clients never see. */
  comment?: string;
  bytes: number;
  side: Side;
  /** Only of a WebSocket. */
  type?: NonNullable<Slice["type"]>;
  /** Only of a binary message. */
  raw?: Uint8Array;
  /** The stream ended within it: clients never see it. */
  isCut?: true;
};

const [LF, CR] = [10, 13];

/** Reads an event stream or one side of a WebSocket as it comes, however it is cut. */
export class EventReader {
  readonly #side: Side;
  #draft: Draft | undefined;
  /** The line that is not at its end yet. */
  #line: Uint8Array[] = [];
  /** A CR ended the line before: an LF after it belongs to that end. */
  #isAfterCr = false;
  #isFirstLine = true;

  constructor(side: Side = "answered") {
    this.#side = side;
  }

  /** The events that are whole with this slice. */
  push(slice: Slice): StreamEvent[] {
    if (slice.type) return [toMessage(slice, slice.type, this.#side)];
    const found: StreamEvent[] = [];
    const { bytes, at } = slice;
    let lf = bytes.indexOf(LF);
    let cr = bytes.indexOf(CR);
    let start = 0;
    while (start < bytes.length) {
      if (this.#isAfterCr && bytes[start] === LF) {
        if (this.#draft) this.#draft.bytes += 1;
        start += 1;
        this.#isAfterCr = false;
        continue;
      }
      this.#isAfterCr = false;
      // Each is looked for again only once it was passed: a slice is read twice, not more.
      if (lf >= 0 && lf < start) lf = bytes.indexOf(LF, start);
      if (cr >= 0 && cr < start) cr = bytes.indexOf(CR, start);
      const end = lf < 0 ? cr : cr < 0 ? lf : Math.min(lf, cr);
      const stop = end < 0 ? bytes.length : end;
      const isBlank = end === start && this.#line.length === 0;
      if (!isBlank || this.#draft) this.#draft ??= { from: at, bytes: 0, data: [], comments: [] };
      if (this.#draft) this.#draft.bytes += stop - start + (end < 0 ? 0 : 1);
      if (stop > start) this.#line.push(bytes.subarray(start, stop));
      if (end < 0) break;
      this.#isAfterCr = bytes[end] === CR;
      start = end + 1;
      if (isBlank) found.push(...this.#dispatch(at));
      else this.#endLine();
    }
    return found;
  }

  /** What was begun and never ended, once no more slices come. */
  end(at: number): StreamEvent[] {
    if (this.#line.length > 0) this.#endLine();
    return this.#dispatch(at).map((event) => ({ ...event, isCut: true }));
  }

  #endLine(): void {
    const line = decode(joined(this.#line), this.#isFirstLine);
    this.#isFirstLine = false;
    this.#line = [];
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    const draft = this.#draft!;
    if (name === "data") draft.data.push(value);
    else if (name === "event") draft.name = value;
    else if (name === "id") draft.id = value;
    else if (name === "") draft.comments.push(value);
  }

  #dispatch(at: number): StreamEvent[] {
    const draft = this.#draft;
    this.#draft = undefined;
    if (!draft) return [];
    const { from, bytes, data, comments, name, id } = draft;
    const event: StreamEvent = { from, at, data: data.join("\n"), bytes, side: this.#side };
    if (name !== undefined) event.name = name;
    if (id !== undefined) event.id = id;
    if (comments.length > 0) event.comment = comments.join("\n");
    return [event];
  }
}

type Draft = {
  from: number;
  bytes: number;
  data: string[];
  comments: string[];
  name?: string;
  id?: string;
};

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Only the stream's first line may begin with a byte order mark. */
function decode(bytes: Uint8Array, isFirst: boolean): string {
  const text = decoder.decode(bytes);
  return isFirst && text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Pieces in one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function toMessage(slice: Slice, type: NonNullable<Slice["type"]>, side: Side): StreamEvent {
  const { at, bytes } = slice;
  const common = { from: at, at, bytes: bytes.length, side, type };
  if (type === "binary") return { ...common, data: "", raw: bytes };
  if (type === "text") return { ...common, data: decoder.decode(bytes) };
  const code = bytes.length < 2 ? "" : String(bytes[0]! * 256 + bytes[1]!);
  return { ...common, data: `${code} ${decoder.decode(bytes.subarray(2))}`.trim() };
}

/** Events of both sides of a WebSocket in the order in which they came. */
export function inOrder(asked: StreamEvent[], answered: StreamEvent[]): StreamEvent[] {
  return [...asked, ...answered].sort((a, b) => a.at - b.at);
}

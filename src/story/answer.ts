import type { Slice } from "../journal/call.ts";
import { Assembler } from "./assemble.ts";
import { readBody } from "./body.ts";
import { Draft } from "./draft.ts";
import { EventReader, joined, type StreamEvent } from "./events.ts";
import type { Message } from "./message.ts";

type Facts = {
  /** The media type of the answer. */
  contentType: string;
  isWebSocket?: boolean;
  /** What the request wants sound as. */
  audioFormat?: string;
};

/** Reads the answer of a call as its slices come: its events, where it has some, and what it says. */
export class Answer {
  /** Of a WebSocket, those of the answering side. */
  readonly events: StreamEvent[] = [];
  readonly hasEvents: boolean;
  readonly #contentType: string;
  readonly #reader = new EventReader();
  readonly #assembler: Assembler;
  #pieces: Uint8Array[] = [];
  #whole: Message | undefined;
  #last = 0;

  /** `contentType` of a body whose Content-Encoding was undone. */
  constructor({ contentType, isWebSocket, audioFormat }: Facts) {
    this.#contentType = contentType;
    this.hasEvents = isWebSocket || /^\s*text\/event-stream/i.test(contentType);
    const draft = new Draft();
    if (audioFormat) draft.audioFormat = audioFormat;
    this.#assembler = new Assembler(draft);
  }

  /** Of a body that is no stream, only what there is at its `end`. */
  get message(): Message {
    return this.#whole ?? this.#assembler.message;
  }

  push(slices: readonly Slice[]): void {
    for (const slice of slices) {
      this.#last = slice.at;
      if (this.hasEvents) this.#take(this.#reader.push(slice));
      else this.#pieces.push(slice.bytes);
    }
  }

  /** No more will come. */
  end(): void {
    if (this.hasEvents) this.#take(this.#reader.end(this.#last), true);
    else if (this.#pieces.length > 0)
      this.#whole = readBody(this.#contentType, joined(this.#pieces));
    this.#pieces = [];
  }

  #take(events: StreamEvent[], isCut = false): void {
    for (const event of events) {
      this.events.push(event);
      // A client never sees it either.
      if (isCut) this.message.problems.push("The stream ended within an event.");
      else this.#assembler.push(event);
    }
  }
}

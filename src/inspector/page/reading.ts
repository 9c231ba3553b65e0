import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { HeaderPairs, Side, Slice } from "../../journal/call.ts";
import { Answer } from "../../story/answer.ts";
import { EventReader, inOrder, joined, type StreamEvent } from "../../story/events.ts";
import { toBodyUrl } from "./client.ts";
import type { Opened } from "./opened.ts";
import { createPace } from "./pace.ts";

/** What the bodies of the open call say, as they come. */
export type Reading = {
  /** Changes with all that follows; whoever reads one of these hears of it. */
  readonly version: ReadonlySignal<number>;
  readonly answer: Answer | undefined;
  /** Of a WebSocket, those of both sides in the order in which they came. */
  readonly events: readonly StreamEvent[];
  /** The bodies as far as they have come; where an encoding had to be undone, only once they are whole. */
  readonly asked: Uint8Array | undefined;
  readonly answered: () => Uint8Array | undefined;
  close(): void;
};

/** Slices that are read between two looks at the clock. */
const handful = 64;

export function createReading(one: Opened): Reading {
  const version = signal(0);
  const rest = createPace();
  const said = new EventReader("asked");
  const sent: StreamEvent[] = [];
  let both: StreamEvent[] = [];
  let answer: Answer | undefined;
  let asked: Uint8Array | undefined;
  let decoded: Uint8Array | undefined;
  let taken = 0;
  let heard = 0;
  let isEnded = false;
  let isBusy = false;
  let isWanted = false;

  async function read(): Promise<void> {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      await readAnswer();
      await readRequest();
      if (isWebSocket()) both = inOrder(sent, answer?.events ?? []);
      version.value += 1;
    }
    isBusy = false;
  }

  const isWebSocket = () => one.call.peek()?.kind === "websocket";

  async function readAnswer(): Promise<void> {
    const lines = one.heads.peek()?.answered;
    if (!lines || isEnded) return;
    answer ??= new Answer({
      contentType: headerIn(lines, "content-type"),
      isWebSocket: isWebSocket(),
    });
    const isWhole = one.isWhole.peek();
    if (isEncoded(lines) && !isWebSocket()) {
      if (isWhole) {
        const slice = await download(one.id, "answered", one);
        decoded = slice.bytes;
        answer.push([slice]);
      }
    } else {
      const { slices } = one.answered;
      while (taken < slices.length) {
        await rest();
        answer.push(slices.slice(taken, taken + handful));
        taken = Math.min(slices.length, taken + handful);
      }
    }
    if (!isWhole) return;
    isEnded = true;
    answer.end();
  }

  async function readRequest(): Promise<void> {
    const lines = one.heads.peek()?.asked;
    const { slices } = one.asked;
    if (!lines || slices.length === heard) return;
    if (isWebSocket()) for (const slice of slices.slice(heard)) sent.push(...said.push(slice));
    else if (isEncoded(lines)) asked = (await download(one.id, "asked", one)).bytes;
    else asked = joined(slices.map(({ bytes }) => bytes));
    heard = slices.length;
  }

  const stop = effect(() => {
    // Each of these may be what was missing.
    one.answered.count.value;
    one.asked.count.value;
    one.heads.value;
    one.isWhole.value;
    void read();
  });

  return {
    version,
    get answer() {
      version.value;
      return answer;
    },
    get events() {
      version.value;
      return isWebSocket() ? both : (answer?.events ?? []);
    },
    get asked() {
      version.value;
      return asked;
    },
    answered() {
      version.value;
      if (isEncoded(one.heads.peek()?.answered ?? [])) return decoded;
      return joined(one.answered.slices.map(({ bytes }) => bytes));
    },
    close: stop,
  };
}

/** The first value of a header; empty when there is none. */
export function headerIn(lines: HeaderPairs, name: string): string {
  return lines.find(([one]) => one.toLowerCase() === name)?.[1] ?? "";
}

const isEncoded = (lines: HeaderPairs) =>
  !["", "identity"].includes(headerIn(lines, "content-encoding").trim().toLowerCase());

/** The relay undoes encodings that browsers do not know. */
async function download(id: string, side: Side, { call }: Opened): Promise<Slice> {
  const answer = await fetch(toBodyUrl(id, side));
  const bytes = answer.ok ? await answer.bytes() : new Uint8Array();
  return { at: call.peek()?.times.lastSlice ?? 0, bytes };
}

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Side, Slice } from "../../journal/call.ts";
import { getSlices } from "./client.ts";
import { createPace } from "./pace.ts";

/** One side of the open call as it was captured. */
export type Body = {
  /** Grows in place: `count` tells that it has. */
  readonly slices: readonly Slice[];
  readonly count: ReadonlySignal<number>;
  /** Asks for what has come since; many at once ask once more. */
  load(): Promise<void>;
};

export function createBody(id: string, side: Side): Body {
  const slices: Slice[] = [];
  const count = signal(0);
  let last = 0;
  let running: Promise<void> | undefined;
  let isWanted = false;

  async function run(): Promise<void> {
    const rest = createPace();
    do {
      isWanted = false;
      const part = await getSlices(id, side, last);
      for (const { at, type, bytes } of part.slices) {
        await rest();
        slices.push({ at, bytes: fromBase64(bytes), ...(type && { type }) });
      }
      last = part.last;
      count.value = slices.length;
    } while (isWanted);
  }

  return {
    slices,
    count,
    load() {
      isWanted = true;
      running ??= run().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}

/** Bytes that were kept. */
export const sizeOf = ({ slices }: Body) =>
  slices.reduce((sum, { bytes }) => sum + bytes.length, 0);

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

export function toBase64(bytes: Uint8Array): string {
  let characters = "";
  for (let i = 0; i < bytes.length; i += 8_192)
    characters += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return btoa(characters);
}

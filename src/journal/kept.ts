import { createDecoder, type Decoder } from "../decoder.ts";
import type { Scrub } from "../scrub.ts";
import { reach } from "../scrub.ts";
import type { Slice } from "./call.ts";
import { Cleaner } from "./cleaner.ts";

/** A body on its way into the journal, as much of it as is kept. */
export type Kept = {
  add(slice: Slice): void;
  /** What can be written. */
  take(): Slice[];
  /** Nothing follows. Resolves once all that is to be written can be taken. */
  end(): Promise<void> | undefined;
};

/** A body that can be looked into as it is. */
export function keepPlain(scrub: Scrub, most: number): Kept {
  const cleaner = new Cleaner(scrub);
  let ready: Slice[] = [];
  let left = most;

  /** Only once it is clean: of a secret that is cut in two, the beginning would stay. */
  function keep(slices: Slice[]): void {
    for (const slice of slices) {
      const bytes = slice.bytes.subarray(0, left);
      left -= bytes.length;
      if (bytes.length > 0) ready.push({ ...slice, bytes });
    }
  }

  return {
    add(slice) {
      if (left > 0) keep(cleaner.add(slice));
    },
    take() {
      const taken = ready;
      ready = [];
      return taken;
    },
    end() {
      keep(cleaner.end());
      return undefined;
    },
  };
}

/**
 * A compressed body: it is kept as it came, but not if there is something in it that must be crossed out,
 * or if nobody can look. `hear` gets what is in it.
 */
export function keepCoded(
  coding: string,
  scrub: Scrub,
  most: number,
  hear: (plain: Buffer) => void,
): Kept {
  let held: Slice[] = [];
  let ready: Slice[] = [];
  let left = most;
  let isFit = false;
  let before = "";
  const decoder: Decoder | undefined = createDecoder(coding, (plain) => {
    hear(plain);
    if (most === 0) return;
    const text = before + plain.toString("latin1");
    isFit = (isFit || before === "") && scrub(text) === text;
    if (!isFit) left = 0;
    before = text.slice(-reach);
  });
  return {
    add(slice) {
      decoder?.write(slice.bytes as Buffer);
      const bytes = slice.bytes.subarray(0, left);
      left -= bytes.length;
      if (bytes.length > 0) held.push({ ...slice, bytes: Buffer.from(bytes) });
    },
    take() {
      const taken = ready;
      ready = [];
      return taken;
    },
    async end() {
      await decoder?.end();
      if (isFit) ready = held;
      held = [];
    },
  };
}

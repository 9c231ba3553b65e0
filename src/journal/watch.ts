import { statSync } from "node:fs";
import { openReader, type Reader } from "./reader.ts";

/** A journal that may be made later, or be put in the place of another one. */
export type Watch = {
  /** What can be read now; `undefined`: there is no journal yet. Another reader means another journal. */
  reader(): Reader | undefined;
  close(): void;
};

/** How long a file may be there that is no journal. */
const patienceMs = 2_000;

/** Watches the journal in `file`. */
export function createWatch(file: string): Watch {
  let reader: Reader | undefined;
  let inode: bigint | undefined;
  let failingSince: number | undefined;

  /** Between its making and its first table, a file is no journal. */
  function tryToOpen(): Reader | undefined {
    try {
      const opened = openReader(file);
      failingSince = undefined;
      return opened;
    } catch (error) {
      failingSince ??= Date.now();
      if (Date.now() - failingSince > patienceMs) throw error;
      return undefined;
    }
  }

  return {
    reader() {
      const now = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
      // One that was removed can be read on until there is another one.
      if (now === undefined || now === inode) return reader;
      const next = tryToOpen();
      if (!next) return reader;
      reader?.close();
      reader = next;
      inode = now;
      return reader;
    },
    close: () => reader?.close(),
  };
}

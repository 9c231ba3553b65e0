import type * as FileSystem from "node:fs";

/** What it needs, so that it can be handed to a thread as text: nothing from outside may be used in it. */
type Fs = Pick<typeof FileSystem, "existsSync" | "linkSync" | "renameSync" | "unlinkSync">;

/**
 * Makes a finished file the next recording of its request, never in place of another, and returns its
 * number. `stem`: folder and name, but for number and ending; `from`: the first number to try.
 */
export function keepPart(fs: Fs, part: string, stem: string, from: number): number {
  for (let number = from; ; number++) {
    const file = `${stem}${number === 1 ? "" : `-${number}`}.jsonl`;
    if (fs.existsSync(file)) continue;
    try {
      // Unlike a rename it fails where another process was faster.
      fs.linkSync(part, file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") continue;
      if (code === "ENOENT" || code === "ENOSPC") throw error;
      // Some file systems have no links.
      fs.renameSync(part, file);
      return number;
    }
    fs.unlinkSync(part);
    return number;
  }
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ExitError } from "../exit.ts";
import { type Manager, mark } from "./manager.ts";

/** What the service's file says; `undefined`: there is none. Throws where it is somebody else's. */
export function readOwn({ file }: Manager): string | undefined {
  const text = attempt(file, () => readFileSync(file, "utf8"));
  if (text === undefined || text.includes(mark)) return text;
  throw new ExitError(
    1,
    `${file} was not made by relay service. Look at it, and move it away if it may go.`,
  );
}

export function write({ file }: Manager, text: string): void {
  attempt(file, () => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flush: true });
    return text;
  });
}

export function remove({ file }: Manager): void {
  rmSync(file, { force: true });
}

function attempt(file: string, work: () => string): string | undefined {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new ExitError(1, `${file} cannot be read or written (${code}).`);
  }
}

import { closeSync, openSync, writeSync } from "node:fs";
import type { CurlOptions } from "./options.ts";
import { writeFailed } from "./sink.ts";

/** Where everything goes that is not the answer: standard error, or what `--stderr` names. */
export type Remarks = {
  say(text: string): void;
  /** What `-s` silences. */
  warn(text: string): void;
  close(): void;
};

export function createRemarks({ stderr, silent }: CurlOptions): Remarks {
  const { say, close } = openPlace(stderr);
  return { say, close, warn: (text) => silent || say(`Warning: ${text}\n`) };
}

function openPlace(path: string | undefined): Pick<Remarks, "say" | "close"> {
  if (path === undefined || path === "-") {
    const stream = path === "-" ? process.stdout : process.stderr;
    return { say: (text) => void stream.write(text), close() {} };
  }
  const file = open(path);
  return { say: (text) => void writeSync(file, text), close: () => closeSync(file) };
}

function open(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw writeFailed(path, error as NodeJS.ErrnoException);
  }
}

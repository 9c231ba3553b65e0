import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { unreadable } from "./failure.ts";

/** A whole file in memory; `-` is standard input. */
export async function readInput(path: string): Promise<Buffer> {
  try {
    return path === "-" ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A file as it is read from disk, with its length when that can be known; `-` is standard input. */
export async function openInput(path: string): Promise<{ content: Readable; length?: number }> {
  if (path === "-") return { content: process.stdin };
  try {
    const { size } = await stat(path).then((found) =>
      found.isFile() ? found : { size: undefined },
    );
    const content = createReadStream(path);
    return size === undefined ? { content } : { content, length: size };
  } catch (error) {
    throw unreadable(path, error);
  }
}

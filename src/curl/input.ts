import { constants, createReadStream, openAsBlob, type Stats } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { unreadable } from "./failure.ts";

/** Opens what is not in memory, at each try anew; `once` for standard input. */
export type Source = { open(): Readable; once?: true };

/** A whole file in memory; `-` is standard input. */
export async function readInput(path: string): Promise<Buffer> {
  try {
    return path === "-" ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A file as a stream, with its length when that can be known; `-` is standard input. */
export async function findStream(path: string): Promise<{ content: Source; length?: number }> {
  if (path === "-" || path === ".") return { content: { open: () => process.stdin, once: true } };
  const found = await look(path);
  const open = () => createReadStream(path);
  return found.isFile() ? { content: { open }, length: found.size } : { content: { open } };
}

/** A file that stays on disk until its bytes are wanted; `-` is standard input. */
export async function openBlob(path: string): Promise<Blob> {
  // A pipe has no length before all of it was read.
  if (path === "-" || !(await look(path)).isFile()) return new Blob([await readInput(path)]);
  return openAsBlob(path);
}

async function look(path: string): Promise<Stats> {
  try {
    await access(path, constants.R_OK);
    return await stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

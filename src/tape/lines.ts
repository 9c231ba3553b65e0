import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import type { Line } from "./entry.ts";

/** A file that is not what the format says. */
export class TapeError extends Error {
  override name = "TapeError";
}

/** Bytes of a line, at most: more than a recording can have in one. */
const longest = 400 * 1024 ** 2;

/** The lines of a file, as they are read. By hand: readline would also end lines at U+2028. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  expectFile(file);
  let number = 0;
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      pieces.push(bytes.subarray(start, end));
      const text = Buffer.concat(pieces).toString("utf8").trim();
      pieces = [];
      size = 0;
      start = end + 1;
      number++;
      if (text !== "") yield parse(text, file, number);
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start));
    size += bytes.length - start;
    if (size > longest) throw tooLong(file, number + 1);
  }
  const rest = Buffer.concat(pieces).toString("utf8").trim();
  if (rest !== "") yield parse(rest, file, number + 1);
}

/** Most first lines are shorter. */
const block = 16_384;

export function readFirstLine(file: string): Line {
  expectFile(file);
  const handle = openSync(file, "r");
  try {
    const pieces: Buffer[] = [];
    let size = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(block);
      const length = readSync(handle, piece);
      const end = piece.subarray(0, length).indexOf(10);
      pieces.push(piece.subarray(0, end < 0 ? length : end));
      if (end >= 0 || length === 0) break;
      size += length;
      if (size > longest) throw tooLong(file, 1);
    }
    return parse(Buffer.concat(pieces).toString("utf8").trim(), file, 1);
  } finally {
    closeSync(handle);
  }
}

/** Links to devices and pipes have no end, or make whoever opens them wait. */
function expectFile(file: string): void {
  if (!statSync(file).isFile()) throw new TapeError(`${file} is no file.`);
}

function tooLong(file: string, number: number): TapeError {
  return new TapeError(`${file}, line ${number}: that is too long.`);
}

function parse(text: string, file: string, number: number): Line {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Line;
  } catch {
    // Told below.
  }
  throw new TapeError(`${file}, line ${number}: that is no JSON object.`);
}

import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import type { Line } from "./entry.ts";

/** A file that is not what the format says. */
export class TapeError extends Error {
  override name = "TapeError";
}

/** The lines of a file, as they are read. By hand: readline would also end lines at U+2028. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let number = 0;
  let pieces: Buffer[] = [];
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      pieces.push(bytes.subarray(start, end));
      const text = Buffer.concat(pieces).toString("utf8").trim();
      pieces = [];
      start = end + 1;
      number++;
      if (text !== "") yield parse(text, file, number);
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start));
  }
  const rest = Buffer.concat(pieces).toString("utf8").trim();
  if (rest !== "") yield parse(rest, file, number + 1);
}

/** Most first lines are shorter. */
const block = 16_384;

export function readFirstLine(file: string): Line {
  const handle = openSync(file, "r");
  try {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = Buffer.allocUnsafe(block);
      const length = readSync(handle, piece);
      const end = piece.subarray(0, length).indexOf(10);
      pieces.push(piece.subarray(0, end < 0 ? length : end));
      if (end >= 0 || length === 0) break;
    }
    return parse(Buffer.concat(pieces).toString("utf8").trim(), file, 1);
  } finally {
    closeSync(handle);
  }
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

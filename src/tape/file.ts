import * as fs from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Asked, type Entry, type Line, version } from "./entry.ts";
import { keepPart } from "./keep.ts";
import { readFirstLine, readLines, TapeError } from "./lines.ts";
import { fromName, type Named, stemOf, toName } from "./name.ts";
import { faultOf } from "./schema.ts";

/** The ending of a file that is still being written, or was when its relay was killed. */
export const partEnding = ".part";

/** The recordings in a folder by their names alone, those of one request in order; none where there is no folder. */
export function listTape(folder: string): Named[] {
  const named = namesIn(folder).flatMap((name) => fromName(name) ?? []);
  return named.sort((a, b) => compare(a.digest, b.digest) || a.number - b.number);
}

/** The names of what was not finished. */
export function listParts(folder: string): string[] {
  return namesIn(folder).filter((name) => name.endsWith(partEnding));
}

/** The first line of a file, at once: there may be ten thousand to read. */
export function readAsked(file: string): Asked {
  const asked = toAsked(readFirstLine(file), file);
  sound(asked, file, 1);
  return asked;
}

/** A whole file. Rejects with a TapeError that says what is wrong with it. */
export async function readEntry(file: string): Promise<Entry> {
  const { asked, lines } = await openEntry(file);
  const entry: Partial<Entry> & Pick<Entry, "interim" | "parts"> = { interim: [], parts: [] };
  for await (const line of lines) {
    if (entry.end) throw new TapeError(`${file} goes on after its end.`);
    if ("end" in line) entry.end = line;
    else if ("interim" in line) entry.interim.push(line);
    else if ("status" in line) entry.head = line;
    else if ("tape" in line || !entry.head)
      throw new TapeError(`${file}: its lines are out of order.`);
    else entry.parts.push(line);
  }
  const { head, end, interim, parts } = entry;
  if (!head || !end) throw new TapeError(`${file} has no ${head ? "end" : "answer"}.`);
  return { asked, head, end, interim, parts };
}

/** The first line, and the others as they are asked for. */
export async function openEntry(
  file: string,
): Promise<{ asked: Asked; lines: AsyncGenerator<Line> }> {
  const lines = soundLines(file);
  const first = await lines.next();
  if (first.done) throw new TapeError(`${file} is empty.`);
  return { asked: toAsked(first.value, file), lines };
}

/** Each of them is what the schema says: whoever wrote the file need not have been a relay. */
async function* soundLines(file: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const line of readLines(file)) {
    number++;
    // Another version has another schema.
    if (number === 1) toAsked(line, file);
    yield sound(line, file, number);
  }
}

function sound(line: Line, file: string, number: number): Line {
  const fault = faultOf(line);
  if (fault === undefined) return line;
  throw new TapeError(`${file}, line ${number}: ${fault}`);
}

let written = 0;

/** Adds a whole exchange to a folder, as the next recording of its request; returns its name. */
export async function writeEntry(folder: string, entry: Entry): Promise<string> {
  const { asked, interim, head, parts, end } = entry;
  const lines: Line[] = [asked, ...interim, head, ...parts, end];
  await mkdir(folder, { recursive: true });
  const stem = stemOf(asked.method, asked.path, asked.digest);
  const part = join(folder, `${stem}.${process.pid}-${written++}${partEnding}`);
  await writeFile(part, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return toName(stem, keepPart(fs, part, join(folder, stem), 1));
}

function toAsked(line: Line, file: string): Asked {
  if (!("tape" in line)) throw new TapeError(`${file} does not begin with a request.`);
  if (line.tape !== version)
    throw new TapeError(`${file} has version ${line.tape}; this relay reads version ${version}.`);
  return line;
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

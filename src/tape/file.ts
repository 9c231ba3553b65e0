import { existsSync, readdirSync } from "node:fs";
import { link, mkdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Asked, type Entry, type Line, version } from "./entry.ts";
import { readFirstLine, readLines, TapeError } from "./lines.ts";
import { fromName, type Named, stemOf, toName } from "./name.ts";

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
  return toAsked(readFirstLine(file), file);
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
  const lines = readLines(file);
  const first = await lines.next();
  if (first.done) throw new TapeError(`${file} is empty.`);
  return { asked: toAsked(first.value, file), lines };
}

/** Adds a whole exchange to a folder, as the next recording of its request; returns its name. */
export async function writeEntry(folder: string, entry: Entry): Promise<string> {
  const { asked, interim, head, parts, end } = entry;
  const lines: Line[] = [asked, ...interim, head, ...parts, end];
  await mkdir(folder, { recursive: true });
  const part = partOf(folder, stemOf(asked.method, asked.path, asked.digest));
  await writeFile(part, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return keepPart(part, folder, stemOf(asked.method, asked.path, asked.digest));
}

let parts = 0;

/** The name of a new file that nobody takes for a recording. */
export function partOf(folder: string, stem: string): string {
  return join(folder, `${stem}.${process.pid}-${Date.now().toString(36)}-${parts++}${partEnding}`);
}

/** The next numbers of what was recorded last: a request may come ten thousand times. */
const next = new Map<string, number>();

/** Makes a finished file the next recording of its request; never in place of another. */
export async function keepPart(part: string, folder: string, stem: string): Promise<string> {
  const key = join(folder, stem);
  for (let number = existsSync(`${key}.jsonl`) ? (next.get(key) ?? 2) : 1; ; number++) {
    const name = toName(stem, number);
    const file = join(folder, name);
    if (existsSync(file)) continue;
    if (next.size > 10_000) next.clear();
    next.set(key, number + 1);
    try {
      // Unlike a rename it fails where another process was faster.
      await link(part, file);
      await unlink(part);
      return name;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") continue;
      if (code === "ENOENT") throw error;
      // Some file systems have no links.
      await rename(part, file);
      return name;
    }
  }
}

function toAsked(line: Line, file: string): Asked {
  if (!("tape" in line)) throw new TapeError(`${file} does not begin with a request.`);
  if (line.tape !== version)
    throw new TapeError(`${file} has version ${line.tape}; this relay reads version ${version}.`);
  return line;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

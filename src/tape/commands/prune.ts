import { readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { listParts, listTape, readAsked } from "../file.ts";
import { TapeError } from "../lines.ts";
import { duplicatesIn } from "./duplicates.ts";

/** What is to go; where nothing is said, unfinished files and duplicates. */
export type Wish = {
  parts?: boolean;
  duplicates?: boolean;
  /** Recorded before. */
  before?: Date;
  /** A file that names recordings, anywhere in its text; `-` for standard input. */
  unused?: string;
};

export type Doomed = { file: string; why: string };

/** What would be removed, each file once. */
export async function findDoomed(folder: string, wish: Wish): Promise<Doomed[]> {
  const isPlain = Object.keys(wish).length === 0;
  const found = new Map<string, string>();
  const add = (names: readonly string[], why: string) => {
    for (const name of names) if (!found.has(name)) found.set(name, why);
  };
  if (wish.parts || isPlain) add(listParts(folder).filter(isLeft), "never finished");
  if (wish.duplicates || isPlain) add(await duplicatesIn(folder), "a duplicate");
  if (wish.before) add(await recordedBefore(folder, wish.before), "old");
  if (wish.unused !== undefined) add(namedIn(folder, wish.unused), "unused");
  return [...found].map(([file, why]) => ({ file, why }));
}

export function remove(folder: string, doomed: readonly Doomed[]): void {
  for (const { file } of doomed) unlinkSync(join(folder, file));
}

/** Whether nobody writes it any more: the name has the number of its process. */
function isLeft(part: string): boolean {
  const pid = Number(/\.(\d+)-[^.]*\.part$/.exec(part)?.[1]);
  if (!(pid > 0)) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function recordedBefore(folder: string, date: Date): Promise<string[]> {
  const names: string[] = [];
  for (const { name } of listTape(folder))
    try {
      const { recorded } = await readAsked(join(folder, name));
      if (Date.parse(recorded) < date.getTime()) names.push(name);
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
    }
  return names;
}

function namedIn(folder: string, file: string): string[] {
  const named = new Set(readFileSync(file === "-" ? 0 : file, "utf8").match(/[\w-]+\.jsonl/g));
  return listTape(folder).flatMap(({ name }) => (named.has(name) ? [name] : []));
}

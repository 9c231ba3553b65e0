import { hash } from "node:crypto";
import { join } from "node:path";
import type { Entry } from "../entry.ts";
import { listTape, readEntry } from "../file.ts";
import { TapeError } from "../lines.ts";
import { changing } from "./diff.ts";
import { bodyOf } from "./events.ts";

/**
 * Recordings that say what the one before them says, with no other one behind them: without them the same
 * is replayed, for the last one repeats.
 */
export async function duplicatesIn(folder: string): Promise<string[]> {
  const groups = Map.groupBy(listTape(folder), ({ digest }) => digest);
  const found: string[] = [];
  for (const group of groups.values()) {
    let behind: { name: string; answer: string } | undefined;
    for (const { name } of group.length > 1 ? group.toReversed() : []) {
      const answer = await answerOf(join(folder, name));
      if (answer === undefined || (behind && behind.answer !== answer)) break;
      if (behind) found.push(behind.name);
      behind = { name, answer };
    }
  }
  return found;
}

/** The same text for the same answer; `undefined` for files that cannot be read. */
async function answerOf(file: string): Promise<string | undefined> {
  try {
    return fingerprint(await readEntry(file));
  } catch (error) {
    if (error instanceof TapeError) return undefined;
    throw error;
  }
}

async function fingerprint(entry: Entry): Promise<string> {
  const { head, parts, end } = entry;
  const headers = head.headers.filter(([name]) => !changing.test(name));
  const messages = parts.flatMap((part) => ("from" in part ? [{ ...part, at: 0 }] : []));
  const body = hash("sha256", await bodyOf(entry));
  return JSON.stringify([head.status, headers, messages, body, end.end, end.trailers]);
}

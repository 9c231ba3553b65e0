import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { printable } from "../../config/shown.ts";
import { notKept } from "../../kept-headers.ts";
import type { Scrub } from "../../scrub.ts";
import { toBytes } from "../bytes.ts";
import { type Entry, keptFromRequests, type Recorded } from "../entry.ts";
import { listParts, readEntry } from "../file.ts";
import { TapeError } from "../lines.ts";
import { fromName, stemOf } from "../name.ts";
import { duplicatesIn } from "./duplicates.ts";
import { bodyOf } from "./events.ts";
import { hiddenIn } from "./hidden.ts";

/** Something wrong with a file of a tape, and what to do. */
export type Fault = {
  file: string;
  /** Remarks fail the check only where that is asked for. */
  level: "problem" | "remark";
  what: string;
  next: string;
};

const kept = new Set<string>(keptFromRequests);

/** Looks at every file of a tape. `scrub` crosses out what none may hold. */
export async function checkTape(folder: string, scrub: Scrub) {
  const faults: Fault[] = [];
  const recorded: Recorded[] = [];
  const add = (file: string, what: string, next: string, level: Fault["level"] = "problem") =>
    faults.push({ file, level, what, next });
  const again = "Record it again, or remove it.";

  for (const name of listParts(folder))
    add(name, "was never finished", `Remove it: relay tape prune ${folder} --parts`);
  const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  for (const name of names.sort()) {
    const file = join(folder, name);
    const named = fromName(name);
    if (!named) add(name, "is never replayed: no digest ends its name", "Give it back its name.");
    const entry = await readEntry(file).catch((error: unknown) => {
      if (!(error instanceof TapeError)) throw error;
      add(name, error.message.replace(`${file}`, "is broken").replace(/\.$/, ""), again);
    });
    if (!entry) continue;
    if (named) recorded.push({ name, asked: entry.asked });
    const { method, path, digest } = entry.asked;
    const stem = stemOf(method, path, digest);
    if (named && !name.startsWith(`${stem}.`) && !name.startsWith(`${stem}-`))
      add(name, "has another name than its request", `Rename it to ${stem}.jsonl.`);
    if (entry.end.end === "client_left")
      add(name, "breaks off where its client left", "Record it again, unless it should.", "remark");
    for (const header of wrongHeaders(entry))
      add(name, `holds a header that no tape may: ${header}`, "Take it out.");
    if (await hasSecret(file, entry, scrub))
      add(
        name,
        "holds what looks like a credential, or what scrub lists",
        "Take it out, and revoke it if it is one.",
      );
  }
  for (const { name, behind } of hiddenIn(recorded))
    add(name, `never answers: ${behind} answers all that it would`, "Remove it.");
  for (const name of await duplicatesIn(folder))
    add(
      name,
      "says what the recording before it says",
      `Remove it: relay tape prune ${folder} --duplicates`,
      "remark",
    );
  return { recordings: names.length, faults };
}

/** Names that a relay never writes: they carry credentials, or might. */
function wrongHeaders({ asked, head, interim, end }: Entry): string[] {
  const answered = [head.headers, ...interim.map(({ headers }) => headers), end.trailers ?? []];
  const sent = asked.headers.filter(([name]) => !kept.has(name));
  return [...sent, ...answered.flat().filter(([name]) => notKept.test(name))].map(([name]) => name);
}

/** As it stands in the file, and as it reads when what it says is put together. */
async function hasSecret(file: string, entry: Entry, scrub: Scrub): Promise<boolean> {
  const messages = entry.parts.flatMap((part) => {
    return "from" in part && ("text" in part || "base64" in part) ? [toBytes(part)] : [];
  });
  const { body } = entry.asked;
  const asked = body && "base64" in body ? [Buffer.from(body.base64, "base64")] : [];
  const all = [readFileSync(file), await bodyOf(entry), ...messages, ...asked];
  return all.some((bytes) => {
    const text = bytes.toString("latin1");
    return scrub(text) !== text;
  });
}

/** For people. */
export function toLines(faults: readonly Fault[]): string {
  return faults
    .map(({ file, level, what, next }) => {
      const sign = level === "problem" ? "✗" : "!";
      return `${sign} ${printable(`${file} ${what}`)}\n  Next: ${printable(next)}\n`;
    })
    .join("");
}

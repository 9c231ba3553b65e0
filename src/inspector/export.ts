import { badQuestion } from "../errors.ts";
import { exportCalls, type Format, formats, type Source } from "../journal/export/export.ts";
import type { Journal } from "../journal/journal.ts";
import { findCall, writeOn } from "./calls.ts";
import { download } from "./download.ts";
import { toFilter } from "./query.ts";
import type { Asked } from "./routes.ts";

const types: Record<Format, string> = { har: "application/json", jsonl: "application/jsonl" };

/** Calls as a file for other programs: one, or those that a filter lets through. */
export async function answerExport({ reply, query, journal }: Asked): Promise<void> {
  const format = formats.find((one) => one === query.get("format"));
  if (!format) throw badQuestion(`format is one of these: ${formats.join(", ")}.`);
  if (!journal) throw badQuestion("This relay keeps no journal.");
  const id = query.get("id");
  const wanted = id === null ? toFilter(query) : [await findCall({ journal, id })];

  download(reply, `${id ?? "calls"}.${format}`, types[format]);
  for await (const text of exportCalls(toSource(journal), wanted, format))
    if (!(await writeOn(reply, text))) return;
  reply.end();
}

function toSource(journal: Journal): Source {
  return {
    list: (filter, page) => journal.ask("list", filter, page),
    find: (id) => journal.ask("find", id),
    heads: (seq) => journal.ask("heads", seq),
    slices: (seq, side, after) => journal.ask("slices", seq, side, after),
  };
}

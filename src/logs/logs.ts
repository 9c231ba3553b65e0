import type { Call, Filter } from "../journal/call.ts";
import { openReader } from "../journal/reader.ts";
import { columnsOf } from "../terminal/columns.ts";
import { createPaint } from "../terminal/paint.ts";
import { follow } from "./follow.ts";
import { createLines } from "./lines.ts";

export type LogsOptions = {
  lines: number;
  follow?: true;
  json?: true;
  /** Says when calls begin, too. */
  verbose?: true;
};

/** Prints the last calls of a journal, the newest last, and on request those that end from now on. */
export async function printLogs(file: string, filter: Filter, options: LogsOptions): Promise<void> {
  const { stdout } = process;
  const { json, verbose, lines: last } = options;
  const lines = createLines(columnsOf(stdout), createPaint(stdout));
  const print = (call: Call) => {
    if (json) stdout.write(`${JSON.stringify(call)}\n`);
    else stdout.write(call.ending || !options.follow ? lines.ended(call) : lines.begun(call));
  };

  if (options.follow) {
    // A reader that has had enough ends it.
    const leaving = new AbortController();
    stdout.once("error", () => leaving.abort());
    if (!json) stdout.write(lines.titles);
    for await (const call of follow(file, filter, last, leaving.signal))
      if (call.ending || verbose) print(call);
    return;
  }
  const reader = openReader(file);
  const calls = reader.list(filter, { limit: last }).reverse();
  reader.close();
  if (calls.length === 0) process.stderr.write("No such call is in the journal.\n");
  else if (!json) stdout.write(lines.titles);
  for (const call of calls) print(call);
}

import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import { addSettingFlags } from "../../config/flags.ts";
import { ExitError } from "../../exit.ts";
import { addFilterFlags, type FilterOptions, toFilter } from "../call-filter.ts";
import { journalOf } from "../journal-file.ts";
import { findCalls } from "./calls.ts";

type Options = FilterOptions & { format?: "har" | "jsonl"; output?: string };

export const exporting = addSettingFlags(
  addFilterFlags(
    new Command("export")
      .description("Write calls as an HTTP archive, or as lines of JSON")
      .argument("[ids...]", "which; none: all that the filter lets through")
      .addOption(
        new Option(
          "--format <format>",
          "an HTTP archive (har), which browsers open, or lines of JSON (jsonl)",
        ).choices(["har", "jsonl"]),
      )
      .option("-o, --output <file>", "write there, not to standard output"),
  ).addHelpText(
    "after",
    `
Without --format the name of the file says it; else it is har. Bodies are there where the relay ran
with --capture, without the credentials.

Examples:
  relay journal export -o today.har --since 1d
  relay journal export --format jsonl last
  relay tape import today.har --to tapes`,
  ),
  ["journalFile"],
).action(async (ids: string[], options: Options, command: Command) => {
  const { exportCalls } = await import("../../journal/export/export.ts");
  const { openReader } = await import("../../journal/reader.ts");
  const { output } = options;
  const format = options.format ?? (output?.endsWith(".jsonl") ? "jsonl" : "har");
  const reader = openReader(await journalOf(command));
  const wanted = ids.length > 0 ? findCalls(reader, ids) : toFilter(options);
  const text = Readable.from(exportCalls(reader, wanted, format));
  const to = output === undefined ? process.stdout : createWriteStream(output, { mode: 0o600 });
  await pipeline(text, to, { end: output !== undefined }).catch((error: NodeJS.ErrnoException) => {
    // Whoever reads may have had enough.
    if (error.code === "EPIPE") return;
    throw new ExitError(1, `${output ?? "standard output"} cannot be written (${error.code}).`);
  });
  reader.close();
});

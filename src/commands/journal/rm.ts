import { Command } from "commander";
import { UsageError } from "../../config/error.ts";
import { addSettingFlags } from "../../config/flags.ts";
import { toMoment } from "../../journal/moment.ts";
import { addFilterFlags, type FilterOptions, toFilter } from "../call-filter.ts";
import { journalOf } from "../journal-file.ts";
import { counted, print } from "../tape/say.ts";
import { findCalls } from "./calls.ts";

type Options = FilterOptions & { olderThan?: number; all?: true };

export const rm = addSettingFlags(
  addFilterFlags(
    new Command("rm")
      .description("Remove calls for good, and say how many")
      .argument("[ids...]", "which; or say it by the flags of a filter")
      .option("--older-than <time>", "that began before then: 7d ago, or 2026-01-31", toMoment)
      .option("--all", "all of them"),
  ).addHelpText(
    "after",
    `
Examples:
  relay journal rm 17
  relay journal rm --older-than 7d
  relay journal rm --tag nightly --status error`,
  ),
  ["journalFile"],
).action(async (ids: string[], { all, olderThan, ...options }: Options, command: Command) => {
  const filter = toFilter({ ...options, ...(olderThan !== undefined && { until: olderThan }) });
  const isFiltered = Object.keys(filter).length > 0;
  if ([ids.length > 0, isFiltered, all === true].filter(Boolean).length !== 1)
    throw new UsageError(
      "relay journal rm: name calls, say a filter such as --older-than, or --all.",
    );
  const { openReader } = await import("../../journal/reader.ts");
  const { removeCalls } = await import("../../journal/remove.ts");
  const file = await journalOf(command);
  const reader = openReader(file);
  const places = findCalls(reader, ids).map(({ seq }) => seq);
  reader.close();
  const count = removeCalls(file, ids.length > 0 ? places : filter);
  print(`Removed ${counted(count, "call")}.`);
});

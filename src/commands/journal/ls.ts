import { Command } from "commander";
import { UsageError } from "../../config/error.ts";
import { addSettingFlags } from "../../config/flags.ts";
import { addFilterFlags, type FilterOptions, toFilter } from "../call-filter.ts";
import { journalOf } from "../journal-file.ts";

type Options = FilterOptions & { lines: number; json?: true };

export const ls = addSettingFlags(
  addFilterFlags(
    new Command("ls")
      .description("List calls, the newest last")
      .option("-n, --lines <number>", "how many at most (default: 1000)", toCount, 1000)
      .option("--json", "print each call as a line of JSON"),
  ).addHelpText(
    "after",
    `
The columns are those of "relay logs".

Examples:
  relay journal ls
  relay journal ls --model 'gpt-5*' --since 2026-01-31`,
  ),
  ["journalFile"],
).action(async (options: Options, command: Command) => {
  const { printLogs } = await import("../../logs/logs.ts");
  await printLogs(await journalOf(command), toFilter(options), options);
});

function toCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`-n ${text}: say how many calls`);
}

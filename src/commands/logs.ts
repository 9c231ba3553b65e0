import { Command } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags } from "../config/flags.ts";
import { addFilterFlags, type FilterOptions, toFilter } from "./call-filter.ts";
import { journalOf } from "./journal-file.ts";

type Options = FilterOptions & { lines: number; follow?: true; json?: true; verbose?: true };

export const logs = addSettingFlags(
  addFilterFlags(
    new Command("logs")
      .description("Print the last calls that went through relays, the newest last")
      .option("-n, --lines <number>", "how many (default: 20)", toLines, 20)
      .option("-f, --follow", "go on with those that end from now on")
      .option("-v, --verbose", "with -f: say when calls begin, too")
      .option("--json", "print each call as a line of JSON"),
  ).addHelpText(
    "after",
    `
Columns: ID is what other commands take. END is the status, or: left (the client left), cut (the
answer broke off), lost (its relay ended), … (it runs). TOOK and 1ST are the times to the end and to
the first slice. IN, HIT and OUT are tokens: read, the share of them that came from the prompt
cache, and written. USD is the cost: ? is not known, ~ lacks something.

JSON: the type Call, as "relay logs --json -n 1" shows it; times are in milliseconds, cost.nano is
in billionths of a dollar.

Examples:
  relay logs
  relay logs -f --model 'gpt-5*'
  relay logs --status error --since 1h
  relay logs -n 1000 --json | jq .usage`,
  ),
  ["journalFile"],
).action(async (options: Options, command: Command) => {
  const { printLogs } = await import("../logs/logs.ts");
  await printLogs(await journalOf(command), toFilter(options), options);
});

function toLines(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`-n ${text}: say how many calls`);
}

import { Command, Option } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import { type Sort, sortNames } from "../top/sort.ts";
import { addFilterFlags, type FilterOptions, toFilter } from "./call-filter.ts";
import { journalOf } from "./journal-file.ts";

type Options = FilterOptions & { sort: Sort; once?: true; json?: true };

const sort = new Option("--sort <by>", "what stands first the most of").choices(sortNames);

export const top = addSettingFlags(
  addFilterFlags(
    new Command("top")
      .description("Show the calls that run now, and totals, live")
      .addOption(sort.default("age"))
      .option("--once", "print it once; so it does where there is no terminal")
      .option("--json", "print it once, as a JSON object"),
  ).addHelpText(
    "after",
    `
Keys: s sorts by something else, q or Ctrl+C leaves. A stream that says nothing for five seconds is
marked. Of the calls that ended within the last minute it shows how many failed, the median and the
99th percentile of the times to the first slice, and output tokens a second. Its day is that of UTC, as
in relay cost and in budgets.

Examples:
  relay top
  relay top --sort silence --model 'gpt-5*'
  relay top --json | jq .minute`,
  ),
  ["journalFile"],
).action(async (options: Options, command: Command) => {
  const { showTop } = await import("../top/top.ts");
  await showTop(await journalOf(command), toFilter(options), options);
});

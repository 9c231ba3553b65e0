import { Command, Option } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import type { CostOptions } from "../cost/print.ts";
import { addFilterFlags, type FilterOptions, toFilter } from "./call-filter.ts";
import { journalOf } from "./journal-file.ts";

/** As `groupings` has them; the journal itself is loaded only when it is read. */
const ways = ["day", "model", "tag", "client", "command"];

export const cost = addSettingFlags(
  addFilterFlags(
    new Command("cost")
      .description("Add up what calls did cost, and say how the budgets stand")
      .addOption(new Option("--by <what>", "a line for each").choices(ways).default("day"))
      .option("--json", "print a JSON object; amounts are in dollars, as exact texts"),
  ).addHelpText(
    "after",
    `
COST adds up the calls whose cost is known, to the last billionth of a dollar. Calls of which it is not
are counted beside it and never as nothing. Days are those of UTC, as in budgets; --since and --until go
by the clock of this machine. What the journal has let go of (journalDays, journalSize) is not in it;
costs of tools and of storage are in no answer.

Examples:
  relay cost
  relay cost --by model --since 7d
  relay cost --tag nightly --json`,
  ),
  ["journalFile"],
).action(async (options: FilterOptions & CostOptions, command: Command) => {
  const { printCosts } = await import("../cost/print.ts");
  printCosts(await journalOf(command), toFilter(options), options);
});

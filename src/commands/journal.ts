import { Command } from "commander";
import { exporting } from "./journal/export.ts";
import { ls } from "./journal/ls.ts";
import { rm } from "./journal/rm.ts";
import { vacuuming } from "./journal/vacuum.ts";

export const journal = new Command("journal")
  .description("List, remove and export the calls that relays have written down")
  .addHelpText(
    "after",
    `
"relay start" keeps a journal of all calls; with --capture also of what was said. It is a file for
you alone, of no more than journalSize, and calls stay in it for journalDays.

Examples:
  relay journal ls --since 1h
  relay journal rm --older-than 7d
  relay journal export --status error -o errors.har`,
  );

for (const command of [ls, rm, vacuuming, exporting]) journal.addCommand(command);

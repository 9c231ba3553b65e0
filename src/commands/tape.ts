import { Command } from "commander";
import { check } from "./tape/check.ts";
import { diff } from "./tape/diff.ts";
import { importing } from "./tape/import.ts";
import { ls } from "./tape/ls.ts";
import { prune } from "./tape/prune.ts";
import { show } from "./tape/show.ts";

export const tape = new Command("tape")
  .description("Look at recorded exchanges, check, compare, prune and import them")
  .addHelpText(
    "after",
    `
"relay start --record <folder>" makes a tape: a folder with one file for each exchange.
"relay start --replay <folder>" answers from it.

Examples:
  relay tape ls tapes
  relay tape show tapes/post-responses-1b2c3d4e5f607182.jsonl
  relay tape check tapes
  relay tape import session.har --to tapes`,
  );

for (const command of [ls, show, diff, check, prune, importing]) tape.addCommand(command);

import { Command } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags } from "../config/flags.ts";
import { ExitError } from "../exit.ts";
import { journalOf } from "./journal-file.ts";

type Options = { chain?: string | true; json?: true };

export const diff = addSettingFlags(
  new Command("diff")
    .description("Say how two calls differ, or why a prompt was not read from the cache")
    .argument("[id]", 'a call: its number or id as "relay logs" shows it, or "last"')
    .argument("[id]", "another one")
    .option(
      "--chain [id]",
      "follow a conversation up to this call (last): where does each prompt part from the one before?",
    )
    .option("--json", "print a JSON object")
    .addHelpText(
      "after",
      `
Both calls must have gone through a relay started with --capture. Dates and counters in headers, and
ids in what a model says, are no difference. Exit codes: 0 the same, 1 they differ; with --chain 0.

Examples:
  relay diff 41 last
  relay diff --chain
  relay diff --chain 42 --json`,
    ),
  ["journalFile"],
).action(
  async (a: string | undefined, b: string | undefined, options: Options, command: Command) => {
    const { chain, json } = options;
    const shape = json ? { json } : {};
    if (chain !== undefined) {
      if (a !== undefined) throw new UsageError("--chain takes one call: relay diff --chain <id>");
      const { diffChain } = await import("../show/chain.ts");
      return diffChain(await journalOf(command), chain === true ? "last" : chain, shape);
    }
    if (a === undefined || b === undefined)
      throw new UsageError("Which two calls? relay diff <id> <id>, or relay diff --chain");
    const { diffCalls } = await import("../show/diff.ts");
    if (await diffCalls(await journalOf(command), [a, b], shape)) throw new ExitError(1);
  },
);

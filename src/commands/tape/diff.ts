import { Command } from "commander";
import { addSettingFlags } from "../../config/flags.ts";
import { ExitError } from "../../exit.ts";
import { configOf, entryIn, print } from "./say.ts";

export const diff = addSettingFlags(
  new Command("diff")
    .description("Say how two exchanges differ, in what was asked and in the answer")
    .argument("<file>", "a recording")
    .argument("<file>", "another one")
    .option("--json", "print a JSON object")
    .addHelpText(
      "after",
      `
What the rules of matching let differ is no difference, and neither are dates and counters in
headers. Exit codes: 0 the same, 1 they differ.

Examples:
  relay tape diff tapes/get-models-1b2c3d4e5f607182.jsonl old.jsonl
  relay tape diff a.jsonl b.jsonl --no-match-ids --json`,
    ),
  ["match"],
).action(async (a: string, b: string, { json }: { json?: true }, command: Command) => {
  const { diffEntries, toJson } = await import("../../tape/commands/diff.ts");
  const { toRules } = await import("../../tape/match/rules.ts");
  const { toArrows } = await import("../../tape/match/diff.ts");
  const rules = toRules((await configOf(command)).match);
  const found = await diffEntries(await entryIn(a), await entryIn(b), rules);
  const parts = Object.entries(found).filter(([, differences]) => differences.length > 0);
  if (json)
    print(JSON.stringify({ request: found.request.map(toJson), answer: found.answer.map(toJson) }));
  else
    for (const [name, differences] of parts)
      print([name, ...toArrows(differences).map((line) => `  ${line}`)].join("\n"));
  if (parts.length > 0) throw new ExitError(1);
});

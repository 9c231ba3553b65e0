import { Command } from "commander";
import { UsageError } from "../../config/error.ts";
import { addSettingFlags } from "../../config/flags.ts";
import { ExitError } from "../../exit.ts";
import { counted, expectFolder, print, scrubOf, tell } from "./say.ts";

type Options = { strict?: true; json?: true; jsonSchema?: true };

export const check = addSettingFlags(
  new Command("check")
    .description("Find what is wrong on a tape: broken files, secrets, what is never replayed")
    // Not required: --json-schema needs none.
    .argument("[folder]", "the tape")
    .option(
      "--strict",
      "fail on remarks too, which are about duplicates and answers that break off",
    )
    .option("--json", "print a report for programs")
    .option("--json-schema", "print the JSON Schema of a tape's lines, and check nothing")
    .addHelpText(
      "after",
      `
Exit codes: 0 fine, 1 something is wrong.

Examples:
  relay tape check tapes
  relay tape check tapes --strict --json
  relay tape check --json-schema > tape.schema.json`,
    ),
  [],
).action(async (folder: string | undefined, options: Options, command: Command) => {
  if (options.jsonSchema) {
    const { tapeSchema } = await import("../../tape/schema.ts");
    print(JSON.stringify(await tapeSchema(), null, 2));
    return;
  }
  if (folder === undefined) throw new UsageError("Which folder? relay tape check <folder>");
  expectFolder(folder);
  const { checkTape, toLines } = await import("../../tape/commands/check.ts");
  const { recordings, faults } = await checkTape(folder, await scrubOf(command));
  const problems = faults.filter(({ level }) => level === "problem").length;
  const isFine = options.strict ? faults.length === 0 : problems === 0;
  if (options.json) print(JSON.stringify({ version: 1, ok: isFine, recordings, faults }));
  else {
    process.stdout.write(toLines(faults));
    tell(`${counted(recordings, "recording")}, ${counted(problems, "problem")}`);
  }
  if (!isFine) throw new ExitError(1);
});

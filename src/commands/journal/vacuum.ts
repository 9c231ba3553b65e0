import { Command } from "commander";
import { addSettingFlags } from "../../config/flags.ts";
import { journalOf } from "../journal-file.ts";
import { print } from "../tape/say.ts";

export const vacuuming = addSettingFlags(
  new Command("vacuum")
    .description("Make the journal's file as small as it can be")
    .addHelpText("after", "\nExamples:\n  relay journal vacuum"),
  ["journalFile"],
).action(async (_options: unknown, command: Command) => {
  const { openReader } = await import("../../journal/reader.ts");
  const { vacuum } = await import("../../journal/remove.ts");
  const file = await journalOf(command);
  // Nothing is made where there is none.
  openReader(file).close();
  const { before, after } = vacuum(file);
  print(`${file}: ${toMegabytes(before)}, now ${toMegabytes(after)}.`);
});

function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

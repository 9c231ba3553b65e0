import { Command } from "commander";
import { UsageError } from "../../config/error.ts";
import { printable } from "../../config/shown.ts";
import { ExitError } from "../../exit.ts";
import { counted, expectFolder, print, tell } from "./say.ts";

type Options = {
  json?: true;
  parts?: true;
  duplicates?: true;
  olderThan?: Date;
  unused?: string;
  dryRun?: true;
  yes?: true;
};

export const prune = new Command("prune")
  .description("Remove what a tape does not need, once you have said yes")
  .argument("<folder>", "the tape")
  .option("--parts", "files that were never finished")
  .option("--duplicates", "recordings that say the same as the one before them")
  .option("--older-than <time>", "recordings older than that, such as 30d", toBefore)
  .option("--unused <file>", 'recordings that this file names, such as the "unused" of relay run')
  .option("--dry-run", "only list them")
  .option("-y, --yes", "do not ask")
  .option("--json", "print a JSON array")
  .addHelpText(
    "after",
    `
Without any of the first four: unfinished files and duplicates. What is listed on standard output
was removed, or would be. Where nobody can be asked, it takes --yes.

Examples:
  relay tape prune tapes --dry-run
  relay tape prune tapes --older-than 90d --yes
  relay run --replay tapes --strict-unused -- pytest 2> run.log
  relay tape prune tapes --unused run.log`,
  )
  .action(async (folder: string, options: Options) => {
    const { findDoomed, remove } = await import("../../tape/commands/prune.ts");
    expectFolder(folder);
    const { dryRun, yes, json, olderThan: before, ...rest } = options;
    const doomed = await findDoomed(folder, { ...rest, ...(before && { before }) });
    if (json) print(JSON.stringify(doomed));
    else for (const { file, why } of doomed) print(`${printable(file)}  ${why}`);
    if (doomed.length === 0) tell("Nothing is to be removed.");
    if (doomed.length === 0 || dryRun) return;
    if (!yes && !(await isAgreed(doomed.length, folder)))
      throw new ExitError(1, "Nothing was removed.");
    remove(folder, doomed);
    tell(`Removed ${counted(doomed.length, "file")}.`);
  });

function toBefore(text: string): Date {
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const hours = { h: 1, d: 24, w: 168 }[unit ?? ""];
  if (hours !== undefined) return new Date(Date.now() - Number(count) * hours * 3_600_000);
  throw new UsageError('--older-than: give a time such as "12h", "30d" or "8w"');
}

async function isAgreed(count: number, folder: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY || process.env.CI)
    throw new ExitError(2, "Nothing was removed: say --yes where nobody can be asked.");
  const { confirm } = await import("@clack/prompts");
  const message = `Remove ${counted(count, "file")} from ${folder}?`;
  return (await confirm({ message, initialValue: false, output: process.stderr })) === true;
}

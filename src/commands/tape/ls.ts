import { Command } from "commander";
import { ExitError } from "../../exit.ts";
import { expectFolder, print, tell } from "./say.ts";

export const ls = new Command("ls")
  .description("List the exchanges on a tape in the order in which they were recorded")
  .argument("<folder>", "the tape")
  .option("--json", "print a JSON array")
  .addHelpText("after", "\nExamples:\n  relay tape ls tapes\n  relay tape ls tapes --json")
  .action(async (folder: string, { json }: { json?: true }) => {
    const { listRows, toTable } = await import("../../tape/commands/ls.ts");
    expectFolder(folder);
    const { rows, faults } = await listRows(folder);
    for (const fault of faults) tell(fault);
    if (json) print(JSON.stringify(rows));
    else if (rows.length > 0) process.stdout.write(toTable(rows));
    else tell(`There is nothing on ${folder}.`);
    if (faults.length > 0) throw new ExitError(1, `"relay tape check ${folder}" says more.`);
  });

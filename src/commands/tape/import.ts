import { Command } from "commander";
import { addSettingFlags } from "../../config/flags.ts";
import { ExitError } from "../../exit.ts";
import { explain, print, scrubOf, tell } from "./say.ts";

type Options = { json?: true; to: string; host: string[] };

const usualHosts = ["api.openai.com", "127.0.0.1", "localhost", "[::1]"];

export const importing = addSettingFlags(
  new Command("import")
    .description("Add exchanges from a HAR file, or from fixtures of aimock, to a tape")
    .argument("<file>", "a HAR file (1.2), or a JSON file with fixtures")
    .requiredOption("--to <folder>", "the tape")
    .option(
      "--host <name>",
      "of a HAR file, take exchanges with this host too",
      addHost,
      usualHosts,
    )
    .option("--json", "print a JSON object: what was written, and what was not and why")
    .addHelpText(
      "after",
      `
Of a HAR file come exchanges with api.openai.com or a loopback address, below /v1. It does not say
when parts of a stream came: they are replayed at once. Credentials are left behind.

A fixture of aimock becomes recordings for Chat Completions and Responses, streamed and not, or for
the one operation that its response is of. They answer what the fixture matches, where the tape has
no recording of the very request. What cannot be carried over is told.

Examples:
  relay tape import session.har --to tapes
  relay tape import fixtures/chat.json --to tapes`,
    ),
  [],
).action(async (file: string, options: Options, command: Command) => {
  const { importFile } = await import("../../tape/commands/import.ts");
  const { to, host: hosts, json } = options;
  const scrub = await scrubOf(command);
  const { written, skipped } = await importFile(file, { to, hosts, scrub }).catch(explain(file));
  if (json) print(JSON.stringify({ written, skipped }));
  else for (const name of written) print(name);
  for (const { what, why } of json ? [] : skipped) tell(`${what}: ${why}`);
  if (written.length === 0) throw new ExitError(1, `Nothing of ${file} was imported.`);
});

function addHost(name: string, before: string[]): string[] {
  return [...before, name.toLowerCase()];
}

import { Command } from "commander";
import type { RelayUrl } from "../client/relay-url.ts";
import { addSettingFlags } from "../config/flags.ts";
import { toRelay } from "../curl/values.ts";
import { type Edit, toEdit } from "../replay/edit.ts";
import { journalIn } from "./journal-file.ts";
import { configOf } from "./tape/say.ts";

type Options = { set: Edit[]; relay?: RelayUrl; dryRun?: true; include?: true; fail?: true };

export const replay = addSettingFlags(
  new Command("replay")
    .description("Send a call again through the running relay, and print the answer as it comes")
    .argument(
      "<id>",
      'its number or id as "relay logs" shows it, the beginning of an id, or "last"',
    )
    .option("--set <path=value>", "change a value in its JSON; may be repeated", addEdit, [])
    .option("--relay <url>", "send it there (default: the relay that it went through)", toRelay)
    .option("-i, --include", "print the head of the answer, too")
    .option("-f, --fail", "print nothing of an answer with a status from 400 on, and exit with 22")
    .option("--dry-run", "send nothing: print the line that does the same with curl")
    .addHelpText(
      "after",
      `
The relay must have kept what was sent: it was started with --capture. Method, path, headers and
body are the same to the byte; credentials were not kept, the relay puts its key on. Exit codes of
an answer are curl's. In the journal the new call names the one that it repeats.

Examples:
  relay replay last
  relay replay 42 --set model=gpt-5-mini --set input.0.content='"Hi"'
  relay replay 42 --dry-run
  relay diff 42 last`,
    ),
  ["journalFile", "ca"],
).action(async (id: string, options: Options, command: Command) => {
  const { replayCall } = await import("../replay/replay.ts");
  const config = await configOf(command);
  // Its own --config is a name.
  await replayCall({ ...options, file: journalIn(config), id, config });
});

function addEdit(text: string, before: Edit[]): Edit[] {
  return [...before, toEdit(text)];
}

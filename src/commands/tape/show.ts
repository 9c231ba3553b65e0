import { Command } from "commander";
import { ExitError } from "../../exit.ts";
import { entryIn, print } from "./say.ts";

type Options = { body?: true; message?: true; json?: true };

export const show = new Command("show")
  .description("Show one exchange: what was asked, the head, and what came when")
  .argument("<file>", "the recording")
  .option("--body", "print the body of the answer, and nothing else")
  .option("--message", "print what the model said, and nothing else")
  .option("--json", "print all of it as a JSON object")
  .addHelpText(
    "after",
    `
Lines are cut at the width of the terminal; --json and --body have everything.

Examples:
  relay tape show tapes/post-responses-1b2c3d4e5f607182.jsonl
  relay tape show tapes/get-models-1b2c3d4e5f607182.jsonl --body | jq .data
  relay tape show tapes/post-responses-1b2c3d4e5f607182.jsonl --message`,
  )
  .action(async (file: string, options: Options) => {
    const entry = await entryIn(file);
    if (options.json) print(JSON.stringify(entry));
    else if (options.body) {
      const { bodyOf } = await import("../../tape/commands/events.ts");
      process.stdout.write(await bodyOf(entry));
    } else if (options.message) {
      const { messageOf } = await import("../../tape/commands/message.ts");
      const message = await messageOf(entry);
      if (message === undefined) throw new ExitError(1, "No message of a model is in this answer.");
      print(message);
    } else {
      const { toText } = await import("../../tape/commands/show.ts");
      process.stdout.write(toText(entry, Math.max(80, process.stdout.columns ?? 0)));
    }
  });

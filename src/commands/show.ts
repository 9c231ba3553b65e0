import { Command, Option } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags } from "../config/flags.ts";
import type { Side } from "../journal/call.ts";
import type { ShowOptions } from "../show/show.ts";
import { journalOf } from "./journal-file.ts";

export const show = addSettingFlags(
  new Command("show")
    .description("Show one call: what was asked, what came and when, and what the model said")
    .argument(
      "<id>",
      'its number or id as "relay logs" shows it, the beginning of an id, or "last"',
    )
    .option("--events", "print the events of a stream, or the messages of a WebSocket")
    .option("--message", "print what the model said, and nothing else")
    .option("--body [side]", "print the body of the answer, or of the request", toSide)
    .option("--raw [side]", "the same as it was sent: its Content-Encoding is not undone", toSide)
    .addOption(
      new Option("--as <form>", "print what makes the same call").choices([
        "curl",
        "node",
        "python",
      ]),
    )
    .option("--json", "print all of it as a JSON object")
    .addHelpText(
      "after",
      `
Headers and bodies are there of calls that went through a relay started with --capture. On a terminal
long texts are cut, and of an event stands only what is new; for a program all of it is whole.

Examples:
  relay show last
  relay show last --events
  relay show 42 --body | jq .usage
  relay show 42 --as curl`,
    ),
  ["journalFile"],
).action(async (id: string, options: Omit<ShowOptions, keyof Sides> & Sides, command: Command) => {
  const { showCall } = await import("../show/show.ts");
  const { body, raw, ...rest } = options;
  await showCall(await journalOf(command), id, {
    ...rest,
    ...(body && { body: body === true ? "answered" : body }),
    ...(raw && { raw: raw === true ? "answered" : raw }),
  });
});

type Sides = { body?: Side | true; raw?: Side | true };

function toSide(text: string): Side {
  if (text === "answer") return "answered";
  if (text === "request") return "asked";
  throw new UsageError('Which body? Say "answer" or "request".');
}

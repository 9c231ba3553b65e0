import { Command, Option } from "commander";
import * as v from "valibot";
import { runCheck } from "../check/check.ts";
import { formatCheck, formatSummary } from "../check/print.ts";
import { toRelayUrl } from "../client/relay-url.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { settings } from "../config/settings.ts";
import { ExitError } from "../exit.ts";

type Options = { json?: true; model?: string; timeout: number; relay?: URL };

const timeout = new Option("--timeout <time>", "for each step")
  .argParser(toMilliseconds)
  .default(10_000, "10s");

export const check = new Command("check")
  .description("Find out whether calls reach OpenAI, and if not, why and what to do")
  .option("--model <name>", "look whether this model may be used")
  .addOption(timeout)
  .option("--relay <url>", "check a relay that runs there, and OpenAI through it", toUrl)
  .option("--json", "print a report for programs instead of the checklist")
  .addHelpText(
    "after",
    `
Exit codes: 0 fine, 3 settings, 4 key missing or rejected, 5 not allowed or over a limit,
6 DNS, 7 connection, TLS, proxy or timeout, 8 the upstream fails or is no OpenAI API.

Examples:
  relay check
  relay check --model gpt-5 --json
  relay check --relay http://127.0.0.1:8484`,
  );
addSettingFlags(check);

check.action(async (options: Options, command: Command) => {
  const report = await runCheck(settingFlags(command), options, (check) => {
    if (!options.json) process.stdout.write(formatCheck(check));
  });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : formatSummary(report));
  if (!report.ok) throw new ExitError(report.exitCode);
});

function toMilliseconds(text: string): number {
  const time = v.safeParse(settings.timeouts.connect.schema, text);
  if (time.success && time.output > 0) return time.output;
  throw new ExitError(2, `--timeout ${text}: give a time such as "10s" or "500ms"`);
}

function toUrl(text: string): URL {
  const url = toRelayUrl(text);
  if (url) return url;
  throw new ExitError(2, `--relay ${text}: give a URL such as http://127.0.0.1:8484`);
}

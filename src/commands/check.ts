import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import * as v from "valibot";
import { runCheck } from "../check/check.ts";
import { createChecklist } from "../check/checklist.ts";
import { checkConformance } from "../check/conformance.ts";
import { annotations, writeSummary } from "../check/github.ts";
import { toJUnit } from "../check/junit.ts";
import { formatSummary } from "../check/print.ts";
import { checkSchema, type Report } from "../check/report.ts";
import type { Watcher } from "../check/step.ts";
import { type RelayUrl, toRelayUrl } from "../client/relay-url.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { settings } from "../config/settings.ts";
import { ExitError } from "../exit.ts";
import { whoListens } from "./port.ts";

type Options = {
  model?: string;
  deep?: true;
  conformance?: true;
  timeout?: number;
  relay?: RelayUrl;
  json?: true;
  jsonSchema?: true;
  junit?: string;
  strict?: true;
  ci: "auto" | "none";
  quiet?: true;
};

const ci = new Option("--ci <kind>", "annotations and a summary for GitHub Actions, where it runs")
  .choices(["auto", "none"])
  .default("auto");

export const check = new Command("check")
  .description("Find out whether calls reach OpenAI, and if not, why and what to do")
  .option("--model <name>", "look whether this model may be used")
  .option("--deep", "make a streamed call too, of up to 200 tokens, which is billed")
  .option("--relay <url>", "check a relay that runs there, and OpenAI through it", toUrl)
  .option(
    "--timeout <time>",
    "for each step (default: 10s; 60s to get a key, or for a stream)",
    toMilliseconds,
  )
  .option(
    "--conformance",
    "instead: try on this machine that a relay with these settings changes nothing it may not",
  )
  .option("--strict", "fail on warnings too")
  .option("--json", "print a report for programs instead of the checklist")
  .option("--json-schema", "print the JSON Schema of that report, and check nothing")
  .option("--junit <file>", "write the report as JUnit XML as well")
  .addOption(ci)
  .addHelpText(
    "after",
    `
All settings of relay start may be given; those that are listed have a say in the way to OpenAI.

Exit codes: 0 fine, 1 this machine (port, loopback), a bend or a warning with --strict, 2 usage,
3 settings, 4 key missing or rejected, 5 not allowed or over a limit, 6 DNS, 7 connection,
TLS, proxy or timeout, 8 the upstream fails or is no OpenAI API.

Examples:
  relay check
  relay check --model gpt-5 --json
  relay check --deep --model gpt-5-nano
  relay check --junit report.xml --strict
  relay check --relay http://127.0.0.1:8484
  relay check --conformance`,
  );
addSettingFlags(check);
for (const option of check.options) if (!isListed(option)) option.hideHelp();

check.action(async (options: Options, command: Command) => {
  if (options.jsonSchema) {
    process.stdout.write(`${JSON.stringify(await checkSchema(), null, 2)}\n`);
    return;
  }
  const input = settingFlags(command);
  const watcher = watcherFor(options);
  if (options.conformance && options.relay)
    throw new ExitError(2, "--conformance tries a relay of its own: leave --relay out");
  const report = options.conformance
    ? await checkConformance(input, options, watcher)
    : await runCheck(input, { ...options, whoListens }, watcher);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : formatSummary(report));
  if (options.junit !== undefined) write(options.junit, toJUnit(report));
  if (options.ci === "auto" && process.env.GITHUB_ACTIONS === "true") tellGitHub(report);
  if (!report.ok) throw new ExitError(report.exitCode);
});

function isListed({ long, hidden, helpGroupHeading = "" }: Option): boolean {
  if (hidden) return false;
  if (/^--(?:port|host|socket|timeouts-connect)$/.test(long ?? "")) return true;
  return /^(?:|Options:|Upstream:|Key:)$/.test(helpGroupHeading);
}

function watcherFor({ json, quiet }: Options): Watcher {
  const checklist = createChecklist(process.stdout, process.stderr);
  const nothing = () => {};
  return {
    begun: json ? nothing : checklist.begun,
    done: json ? nothing : checklist.done,
    remark: quiet ? nothing : checklist.remark,
  };
}

/** On stderr, which GitHub reads as well: stdout may be a program's. */
function tellGitHub(report: Report): void {
  process.stderr.write(annotations(report));
  const { GITHUB_STEP_SUMMARY: file } = process.env;
  if (file) writeSummary(file, report);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ExitError(1, `--junit ${file}: it cannot be written (${code})`);
  }
}

function toMilliseconds(text: string): number {
  const time = v.safeParse(settings.timeouts.connect.schema, text);
  if (time.success && time.output > 0) return time.output;
  throw new ExitError(2, `--timeout ${text}: give a time such as "10s" or "500ms"`);
}

function toUrl(text: string): RelayUrl {
  const url = toRelayUrl(text);
  if (url) return url;
  throw new ExitError(
    2,
    `--relay ${text}: give a URL such as http://127.0.0.1:8484, or unix:/path`,
  );
}

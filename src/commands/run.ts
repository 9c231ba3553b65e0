import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { isOffline } from "../config/offline.ts";
import { type Config, settings } from "../config/settings.ts";
import type { Observer } from "../exchange.ts";
import type { Grader } from "../grade/grader.ts";
import { createKeys } from "../key/keys.ts";
import { keyRemarks } from "../key/remarks.ts";
import { toBudgetText, toRunBudget } from "../run/budget.ts";
import { endLike } from "../run/child.ts";
import { type End, runWithRelay } from "../run/run.ts";
import { knownSecrets } from "../run/secrets.ts";
import { createTally } from "../run/tally.ts";
import { toTapeText, withTape } from "../run/tape.ts";
import { tellable } from "../tellable.ts";
import { catalogueText, faultRemarks, hasFaults } from "./faults.ts";
import { keepJournal } from "./keep-journal.ts";
import { explainListen } from "./listen-failure.ts";
import { environmentRemarks } from "./protect.ts";
import { scriptRemarks, standInRemarks } from "./stand-in.ts";

/** Where a relay listens that stays: one that is for a single command has its own address. */
const address = { host: "127.0.0.1", port: "0" };
const named = Object.keys(settings).filter((name) => name !== "host" && name !== "socket");

export const run = addSettingFlags(
  new Command("run")
    .description("Run a command with a relay of its own; the key never enters the command")
    .usage("[options] -- <command> [arguments]")
    .argument("[command...]", "what to run, with its arguments")
    // What follows the command is the command's, dashes or not.
    .passThroughOptions()
    .option("-p, --port <number>", "port of the relay (default: a free one)")
    .option("-q, --quiet", "print no remarks and no summary")
    .option("--max-cost <amount>", "most US dollars that its calls may cost: a budget for this run")
    .option("--json", "print the grades (see --fault) as one line of JSON instead of the summary")
    .option("--json-schema", "print the JSON Schema of that line, and run nothing")
    .option("--strict-grades", "exit with 9 when the command exits with 0 and a grade failed")
    .addHelpText("after", examples()),
  named,
).action(async ([program, ...args]: string[], options: Options, command: Command) => {
  if (options.jsonSchema) {
    const { gradeSchema } = await import("../grade/report.ts");
    process.stdout.write(`${JSON.stringify(await gradeSchema(), null, 2)}\n`);
    return;
  }
  if (program === undefined) throw new UsageError(noCommand);
  const { env } = process;
  const loaded = await load(options, command);
  const { config, remarks } = loaded;
  remarks.push(
    ...environmentRemarks(),
    ...(await keyRemarks(config, env)),
    ...(await noKey(config)),
    ...standInRemarks(loaded),
    ...scriptRemarks(loaded),
    ...faultRemarks(config),
  );
  if (!options.quiet) for (const remark of remarks) process.stderr.write(`relay: ${remark}\n`);

  const tally = createTally();
  const grader = await gradersOf(config, options);
  const watching = grader ? [tally.observer, grader.observer] : [tally.observer];
  const observers = [...watching, ...(await createObservers(config))];
  const secrets = config.auth === "passthrough" ? [] : await knownSecrets(config, env);
  const onPreset = (preset: readonly string[]) => {
    if (options.verbose) process.stderr.write(`relay: ${program} gets ${preset.join(" ")}\n`);
  };
  const journal = await keepJournal(config, toTellableCommand(program, args));
  const job = { program, args, config, env, secrets, observers, journal, onPreset };
  const end = await runWithRelay(job).catch((error) => explainListen(error, loaded));
  if (!options.quiet && !options.json) await print(tally.toText());
  if (end.budgets && !options.quiet && !options.json)
    await print(toBudgetText(end.budgets.standings()));
  if (end.tape && !options.quiet && !options.json) await print(toTapeText(end.tape, config));
  const isOk = grader ? await tellGrades(grader, end, options) : true;
  const graded = isOk || end.code !== 0 ? end : { ...end, code: gradeExitCode };
  endLike(end.tape ? withTape(graded, end.tape, config) : graded);
});

type Options = {
  port?: string;
  maxCost?: string;
  quiet?: true;
  verbose?: true;
  json?: true;
  jsonSchema?: true;
  strictGrades?: true;
};

/** Where a grade failed, and the command did not. */
const gradeExitCode = 9;

/** What grades the command, where something breaks on purpose. */
async function gradersOf(config: Config, { json, strictGrades }: Options) {
  if (!hasFaults(config)) {
    if (json || strictGrades) throw new UsageError(noFaults);
    return undefined;
  }
  const { createGrader } = await import("../grade/grader.ts");
  return createGrader(config.faultSeed);
}

/** Prints the grades. Returns whether the command may keep its exit code. */
async function tellGrades(grader: Grader, end: End, options: Options): Promise<boolean> {
  const { toText } = await import("../grade/print.ts");
  const report = grader.report(end);
  if (options.json) await print(`${JSON.stringify(report)}\n`);
  else if (!options.quiet) await print(toText(report));
  return report.ok || !options.strictGrades;
}

async function load({ port, maxCost }: Options, command: Command): Promise<Loaded> {
  const { flags, ...input } = settingFlags(command);
  const own = { ...address, ...(port !== undefined && { port }) };
  const loaded = await loadConfig({ ...input, flags: { ...flags, ...own } });
  const { config, origins } = loaded;
  if (config.keyFile === "-") throw new UsageError(stdinTaken);
  config.socket = "";
  // Beside the budgets of files and flags, of which it takes none away.
  if (maxCost !== undefined) config.budget = [...config.budget, toRunBudget(maxCost)];
  // A journal of everything that was ever run is nothing that somebody asked for.
  if (origins.journal === "default") config.journalFile ||= ":memory:";
  // The terminal is the command's: what failed is in the summary.
  if (origins["log.level"] === "default") config.log.level = "silent";
  return loaded;
}

/** The program and its first words, without what could be a secret. */
function toTellableCommand(program: string, args: readonly string[]): string {
  const words = [basename(program), ...args.slice(0, 5)];
  return words.map((word) => (/^\S{1,64}$/.test(word) ? tellable(word) : "…")).join(" ");
}

const noCommand = 'relay run: name the command to run, such as "relay run -- npm test".';

const noFaults = "relay run: --json and --strict-grades are for grades: say a --fault too.";

const stdinTaken =
  "relay run: the key cannot come from standard input (--key-file -), which is the command's.";

/** Milliseconds that the command may have to wait for a keychain that has to be unlocked. */
const keychainMs = 300;

/** Says so when there is no key. The keychain is asked only where there is nothing else. */
async function noKey(config: Config): Promise<string[]> {
  if (config.mock || config.auth === "passthrough" || isOffline(config, process.env)) return [];
  const keys = createKeys(config, process.env);
  if (keys.source !== undefined) return [];
  const asked = Promise.resolve(keys.find("/v1/models", false, undefined)).then(
    (key) => (key ? [] : [`${keys.missing} Calls get 401 key_missing.`]),
    ({ message }: Error) => [message],
  );
  asked.finally(() => keys.close());
  return Promise.race([asked, setTimeout(keychainMs, [], { ref: false })]);
}

/** Loaded only for those who want it: the command should not have to wait. */
async function createObservers(config: Config): Promise<Observer[]> {
  if (config.log.level === "silent") return [];
  const { createLog, createRequestLog } = await import("../observe/log.ts");
  return [createRequestLog(await createLog(config))];
}

/** Resolves when it is written, or nobody reads it any more. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stderr.write(text, () => resolve()));
}

function examples(): string {
  return `
The command finds its relay by OPENAI_BASE_URL, and by OPENAI_API_KEY, which holds a token that is good
for nothing else and for no longer. relay ends as the command does: with its exit code, or by its signal.

Examples:
  relay run -- pytest
  relay run --tape tapes -- npm test      10: something was not on the tape
  relay run --max-cost 2.00 -- npm test
  relay run --mock -- node app.js
  relay run --mock --fault 'rate-limit(2s);nth=1' -- node app.js
  relay run -- codex exec "Say hello"

${catalogueText()}`;
}

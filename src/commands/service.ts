import { Command } from "commander";
import { ExitError } from "../exit.ts";
import { readOwn, remove, write } from "../service/file.ts";
import { findManager } from "../service/find.ts";
import { planJob, serviceEnvironment } from "../service/job.ts";
import type { Step } from "../service/manager.ts";
import { lineOf, take, takeAll } from "../service/steps.ts";

type Options = { config?: string; dryRun?: true; json?: true };

const whichConfig = ["-c, --config <file>", "the config file that the relay is to read"] as const;
const dryRun = ["--dry-run", "say what it would do, and do nothing"] as const;

export const service = new Command("service")
  .description(
    "Start the relay whenever you log in: a user service of systemd, or an agent of launchd",
  )
  .addHelpText(
    "after",
    `
It is your own service: nothing of it needs root. It sees no variables of your shell, and no key is
written for it: the key comes from the keychain ("relay key set"), or from keyFile, envFile or keyCommand
of your config file.

Examples:
  relay service install --dry-run
  relay service status
  relay service uninstall`,
  );

service
  .command("install")
  .description(
    "Write the service's file, print it, and let the service start now and at each login",
  )
  .addHelpText(
    "after",
    `
Once more, it brings the service up to date. A file that is not its own stays as it is. A systemd that
is to start the relay before anybody logs in needs: loginctl enable-linger

Examples:
  relay service install
  relay service install --config ~/relay.config.json`,
  )
  .option(...whichConfig)
  .option(...dryRun)
  .action(async ({ config, dryRun }: Options) => {
    const manager = findManager(process.env);
    const before = readOwn(manager);
    const text = manager.describe(await plan(config));
    const isNew = text !== before;
    const steps = manager.start(isNew);
    process.stdout.write(text);
    if (dryRun) return foretell(isNew ? [`Would write: ${manager.file}`] : [], steps);

    if (isNew) write(manager, text);
    tell(isNew ? `Wrote: ${manager.file}` : `Already there: ${manager.file}`);
    await go(steps, "The file is there, but the service does not run yet.");
    tell(`Its log: ${manager.log}`);
  });

service
  .command("uninstall")
  .description("Stop the service and remove its file")
  .addHelpText(
    "after",
    "\nExamples:\n  relay service uninstall\n  relay service uninstall --dry-run",
  )
  .option(...dryRun)
  .action(async ({ dryRun }: Options) => {
    const manager = findManager(process.env);
    if (readOwn(manager) === undefined) return tell(`Not installed: there is no ${manager.file}`);
    if (dryRun)
      return foretell([`Would remove: ${manager.file}`], [...manager.stop, ...manager.forget]);

    // What does not answer runs nothing either.
    await takeAll(manager.stop, serviceEnvironment(process.env), tell);
    remove(manager);
    tell(`Removed: ${manager.file}`);
    await takeAll(manager.forget, serviceEnvironment(process.env), tell);
  });

service
  .command("status")
  .description("Say whether the service is installed and runs; exit code 1: it does not")
  .addHelpText("after", "\nExamples:\n  relay service status\n  relay service status --json")
  .option("--json", "print a JSON object")
  .action(async ({ json }: Options) => {
    const manager = findManager(process.env);
    const { name, file } = manager;
    const installed = readOwn(manager) !== undefined;
    const asked = await take(manager.status, serviceEnvironment(process.env));
    const state = asked.done ? manager.readStatus(asked.printed) : `unknown: ${asked.why}`;
    if (json)
      process.stdout.write(`${JSON.stringify({ manager: name, file, installed, state })}\n`);
    else
      process.stdout.write(
        `File   ${installed ? file : 'none: "relay service install" writes it'}\nState  ${state} (${name})\n`,
      );
    if (!installed || !/^active\b/.test(state)) throw new ExitError(1);
  });

service
  .command("print")
  .description("Print the service's file as install would write it, and nothing else")
  .addHelpText(
    "after",
    "\nExamples:\n  relay service print\n  relay service print > openai-relay.service",
  )
  .option(...whichConfig)
  .action(async ({ config }: Options) => {
    const manager = findManager(process.env);
    process.stdout.write(manager.describe(await plan(config)));
  });

async function plan(file: string | undefined) {
  const { env } = process;
  const where = { env, cwd: process.cwd() };
  const { job, remarks } = await planJob(file === undefined ? where : { ...where, file });
  for (const remark of remarks) tell(remark);
  return job;
}

/** Takes the steps; where the manager does not answer, says how to go on. */
async function go(steps: Step[], soFar: string): Promise<void> {
  const left = await takeAll(steps, serviceEnvironment(process.env), tell);
  if (left.length > 0) tell(`${soFar} To go on, run: ${left.map(lineOf).join(" && ")}`);
}

function foretell(files: string[], steps: Step[]): void {
  for (const line of [...files, ...steps.map((step) => `Would run: ${lineOf(step)}`)]) tell(line);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

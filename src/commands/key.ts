import { Command } from "commander";
import { UsageError } from "../config/error.ts";
import { addSettingFlags, settingFlags } from "../config/flags.ts";
import { loadConfig } from "../config/load.ts";
import { ExitError } from "../exit.ts";
import { withoutSecrets } from "../key/child.ts";
import { standInRemark } from "../key/environment.ts";
import { tellOf } from "../key/fingerprint.ts";
import { faultOf } from "../key/form.ts";
import { createKeychain, KeychainError } from "../key/keychain.ts";
import type { Which } from "../key/source.ts";
import { sourcesOf } from "../key/sources.ts";
import { type Look, ruleStatus, type Status, statusOf } from "../key/status.ts";
import { readSecret } from "./secret.ts";

type Options = { admin?: true; json?: true };

const forAdmin = ["--admin", "the key for admin operations"] as const;

export const key = new Command("key")
  .description("Keep the key in the system's keychain, and see which key is used")
  .addHelpText(
    "after",
    `
Examples:
  relay key set
  relay key status
  relay key rm --admin`,
  )
  .allowExcessArguments()
  .allowUnknownOption()
  .action((_options: object, command: Command) => {
    refuseArguments(command);
    command.help({ error: true });
  });

addSettingFlags(
  key
    .command("set")
    .description("Keep a key in the keychain: typed in, or from standard input")
    .option(...forAdmin)
    // A key given as an argument must not be quoted in an error.
    .allowExcessArguments()
    .allowUnknownOption()
    .addHelpText(
      "after",
      `
Examples:
  relay key set
  op read op://private/openai/key | relay key set
  relay key set --admin < admin.key`,
    ),
  [],
).action(async ({ admin }: Options, command: Command) => {
  refuseArguments(command);
  const which = admin ? "admin" : "key";
  const secret = await readSecret(admin ? "Admin key" : "API key");
  const fault = faultOf(secret);
  if (fault) throw new ExitError(4, `What you gave ${fault.what}. ${fault.next}`);
  const { kind } = tellOf(secret);
  if (kind === "admin key" && !admin)
    tell(
      'This is an admin key: calls to models need an ordinary one. See "relay key set --admin".',
    );

  const { keychain, wins } = await open(which);
  await keychain.store(which, secret).catch(explain);
  print(`Kept in the system's keychain: ${toText(tellOf(secret))}`);
  if (wins) tell(`${wins} wins over it.`);
});

addSettingFlags(
  key
    .command("status")
    .description("Say where the keys come from, and what else was found; never the keys themselves")
    .addHelpText(
      "after",
      "\nExamples:\n  relay key status\n  relay key status --key-file ~/.openai/key --json",
    )
    .option("--json", "print a JSON object"),
  ["keyFile", "adminKeyFile", "envFile", "keychain"],
).action(async ({ json }: Options, command: Command) => {
  const { config, remarks } = await loadConfig(settingFlags(command));
  const { env } = process;
  for (const remark of remarks) tell(remark);
  const ordinary = await statusOf(config, env, "key");
  const admin = await statusOf(config, env, "admin");
  const keys = await ruleStatus(config, env);
  if (json) print(JSON.stringify({ key: toJson(ordinary), admin: toJson(admin), keys }, null, 2));
  else {
    const noKey = `none. ${standInRemark(env) ?? 'Set OPENAI_API_KEY, or run "relay key set".'}`;
    printStatus("API key", ordinary, noKey);
    printStatus("Admin key", admin, "none of its own: admin operations get the API key");
    for (const [name, look] of Object.entries(keys)) printRow(name, describe(look));
  }
  const isUsable = ordinary.used !== undefined && ordinary.used.trouble === undefined;
  if (!isUsable && Object.keys(keys).length === 0) throw new ExitError(4);
});

addSettingFlags(
  key
    .command("rm")
    .description("Remove a key from the keychain")
    .addHelpText("after", "\nExamples:\n  relay key rm\n  relay key rm --admin")
    .option(...forAdmin),
  [],
).action(async ({ admin }: Options) => {
  const which = admin ? "admin" : "key";
  const { keychain } = await open(which);
  const was = await keychain.remove(which).catch(explain);
  print(was ? "Removed from the system's keychain." : "There was no such key in the keychain.");
});

/** The keychain, and what the environment has that wins over it. Config files do not matter here. */
async function open(which: Which) {
  const { env } = process;
  const { config } = await loadConfig({ flags: {}, env, cwd: process.cwd(), config: false });
  const signal = new AbortController().signal;
  const keychain = createKeychain({ env: withoutSecrets(env, config), signal });
  const first = sourcesOf(config, env, which).find(({ kind }) => kind !== "keychain");
  return { keychain, wins: first?.name };
}

function explain(error: unknown): never {
  if (!(error instanceof KeychainError)) throw error;
  const next =
    "Without a keychain, put the key into a file that only you can read, and set keyFile.";
  throw new ExitError(1, `${error.message} ${next}`);
}

function refuseArguments({ args }: Command): void {
  if (args.length > 0) throw new UsageError(noArguments);
}

const noArguments =
  'A key is no argument: it would stand in the list of processes and in the shell\'s history. Run "relay key set" and paste it, or pipe it in.';

function toJson({ used, shadowed }: Status): object {
  return { used: used ?? null, shadowed };
}

function printStatus(title: string, { used, shadowed }: Status, none: string): void {
  printRow(title, used ? describe(used) : none);
  for (const look of shadowed) printRow("", `not used: ${describe(look)}`);
}

function describe({ source, key: told, trouble }: Look): string {
  if (trouble) return trouble;
  return told ? `${source}: ${toText(told)}` : `${source}, not read here`;
}

function toText({ form, kind, fingerprint }: ReturnType<typeof tellOf>): string {
  return `${form} (${kind}), fingerprint ${fingerprint}`;
}

function printRow(title: string, text: string): void {
  print(`${title.padEnd(10)} ${text}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { UsageError } from "../config/error.ts";
import { configFolders } from "../config/folders.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { sourcesOf } from "../key/sources.ts";
import type { Job } from "./manager.ts";
import { ownProgram } from "./program.ts";

type Env = NodeJS.ProcessEnv;

/** What is to be started, and what is worth knowing about it; one line each. */
export type Plan = { job: Job; remarks: string[] };

/** Reads the settings as the service will, which has nothing of this shell: they must be fit for use. */
export async function planJob({ env, cwd, file }: { env: Env; cwd: string; file?: string }) {
  const seen = serviceEnvironment(env);
  const named = file === undefined ? {} : { config: resolve(cwd, file) };
  const home = seen.HOME || homedir();
  const { config, remarks } = await loadConfig({ flags: {}, env: seen, cwd: home, ...named });
  if (config.keyFile === "-") throw new UsageError("A service has no standard input for the key.");

  const options = named.config === undefined ? [] : ["--config", named.config];
  const command = [...ownProgram(), "start", ...options];
  // A line of a service's file would end there, and another begin.
  const odd = command.find((part) => /\p{Cc}/u.test(part));
  if (odd !== undefined)
    throw new UsageError(
      `No service's file can name ${JSON.stringify(odd)}. Give it another name.`,
    );
  const commands = [config.keyCommand, config.adminKeyCommand, ...ruleCommands(config)];
  const job: Job = {
    command,
    drainMs: config.timeouts.drain,
    isConfined: commands.every(([program]) => program === undefined),
  };
  const own = named.config ?? join(configFolders(seen)[0]!, "config.json");
  remarks.push(...keyRemarks(config, seen, own), ...unseenRemarks(env, seen, own));
  return { job, remarks } satisfies Plan;
}

/** What a service sees of the environment that it is installed from: where things are. */
export function serviceEnvironment(env: Env): Env {
  const kept = /^(?:HOME|USER|LOGNAME|PATH|LANG|DBUS_SESSION_BUS_ADDRESS|XDG_\w+)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => kept.test(name)));
}

function ruleCommands({ keys }: Config): (readonly string[])[] {
  return keys.map(({ command = [] }) => command);
}

/** Where the service will find its key. It never stands in the service's file. */
function keyRemarks(config: Config, seen: Env, own: string): string[] {
  if (config.mock || config.auth === "passthrough") return [];
  const [source] = sourcesOf(config, seen, "key");
  if (source && source.kind !== "keychain") return [`Key: ${source.name}.`];
  if (config.keys.length > 0) return [`Key: the rules of "keys".`];
  const chain = source ? 'the system\'s keychain, once "relay key set" has put it there; or ' : "";
  return [`Key: ${chain}name keyFile or envFile in ${own}.`];
}

const meant =
  /^(?:RELAY_\w+|OPENAI_(?:API_KEY|ADMIN_KEY|ORG_ID|PROJECT_ID)|HTTPS?_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i;

function unseenRemarks(env: Env, seen: Env, own: string): string[] {
  const unseen = Object.keys(env).filter((name) => meant.test(name) && !(name in seen));
  if (unseen.length === 0) return [];
  return [`Not seen by a service: ${unseen.join(", ")} of this shell. Settings belong in ${own}.`];
}

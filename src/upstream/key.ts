import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Config } from "../config/settings.ts";
import { keyMissing } from "../errors.ts";

/** The one place that holds the keys. Each is looked up when it is first needed. */
export type KeySource = {
  /** The ordinary key; a promise only the first time, `undefined` when there is none. */
  key(): string | undefined | Promise<string | undefined>;
  /** The key for admin operations: the ordinary one when no other is configured. */
  adminKey(): string | undefined | Promise<string | undefined>;
  /** Where the ordinary key comes from, in words for people. */
  readonly source: string;
  readonly adminSource: string;
};

type Origin = { source: string; read: () => Promise<string> } | undefined;

/** Milliseconds that a key command may take; `op` and its kin may have to ask a person. */
const commandTimeout = 60_000;

/** A source that the user names wins over the environment, because it was meant. */
export function createKeySource(config: Config, env: NodeJS.ProcessEnv): KeySource {
  const origin =
    fromCommand(config.keyCommand, env) ??
    fromFile(config.keyFile) ??
    fromEnv("OPENAI_API_KEY", env);
  const admin = fromFile(config.adminKeyFile) ?? fromEnv("OPENAI_ADMIN_KEY", env);
  return {
    key: once(origin),
    adminKey: once(admin ?? origin),
    source: origin?.source ?? "none",
    adminSource: admin?.source ?? "none of its own",
  };
}

function fromEnv(name: string, env: NodeJS.ProcessEnv): Origin {
  const value = env[name]?.trim();
  return value ? { source: `${name} (environment)`, read: async () => value } : undefined;
}

function fromFile(file: string): Origin {
  if (file === "") return undefined;
  if (file === "-") return { source: "standard input", read: () => text(process.stdin) };
  return { source: `file ${file}`, read: () => readFile(file, "utf8") };
}

function fromCommand(argv: string[], env: NodeJS.ProcessEnv): Origin {
  const [command, ...args] = argv;
  if (command === undefined) return undefined;
  // The command gets no key and no client token that lies about in the environment.
  const { OPENAI_API_KEY: _key, OPENAI_ADMIN_KEY: _admin, RELAY_TOKENS: _tokens, ...clean } = env;
  const read = async () => {
    const options = { env: clean, timeout: commandTimeout, maxBuffer: 65_536 };
    return (await promisify(execFile)(command, args, options)).stdout;
  };
  return { source: `command ${command}`, read };
}

/** Reads once, however many wait for it; a failed attempt is not remembered. */
function once(origin: Origin): KeySource["key"] {
  let key: string | undefined;
  let pending: Promise<string | undefined> | undefined;
  if (!origin) return () => undefined;
  return () => {
    if (key !== undefined) return key;
    pending ??= readKey(origin)
      .then((value) => {
        key = value;
        return value;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
}

async function readKey({ source, read }: NonNullable<Origin>): Promise<string> {
  const given = await read().catch((cause: unknown) => {
    // The cause may quote what the command printed: its code is all that is told.
    const code = (cause as { code?: unknown }).code;
    throw keyMissing(`The API key could not be read from ${source} (${String(code ?? "failed")}).`);
  });
  const key = given.trim();
  if (!/^[\x21-\x7e]+$/.test(key))
    throw keyMissing(`What was read from ${source} is not an API key: it must be one word.`);
  return key;
}

import type { KeyRule } from "../config/sections/key.ts";
import type { Config } from "../config/settings.ts";
import { withoutSecrets } from "./child.ts";
import { fromCommand } from "./command.ts";
import { fromEnvFile, fromEnvironment, fromNamedVariable } from "./environment.ts";
import { fromFile } from "./file.ts";
import { createKeychain } from "./keychain.ts";
import type { Source, Which } from "./source.ts";

/** The environment's names for the keys, which are OpenAI's. */
export const variables: Record<Which, string> = {
  key: "OPENAI_API_KEY",
  admin: "OPENAI_ADMIN_KEY",
};

/**
 * Where a key can come from, first come first used: what the user names wins over what lies about, and the
 * keychain is asked only when there is nothing else.
 */
export function sourcesOf(config: Config, env: NodeJS.ProcessEnv, which: Which): Source[] {
  const named = {
    key: { command: config.keyCommand, file: config.keyFile },
    admin: { command: config.adminKeyCommand, file: config.adminKeyFile },
  }[which];
  const childEnv = withoutSecrets(env, config);
  return [
    fromCommand(named.command, childEnv),
    fromFile(named.file),
    fromEnvFile(config.envFile, variables[which]),
    fromEnvironment(variables[which], env),
    config.keychain ? fromKeychain(childEnv, which) : undefined,
  ].filter((source) => source !== undefined);
}

/** Where keys come from, by place: `key`, `admin`, and `keys.<name>` for each rule. */
export type Sources = ReadonlyMap<string, Source>;

/** The source that counts in each place. */
export function findSources(config: Config, env: NodeJS.ProcessEnv): Sources {
  const sources = new Map(
    config.keys.map((rule) => [`keys.${rule.name}`, sourceOf(rule, config, env)]),
  );
  for (const which of ["key", "admin"] as const) {
    const [source] = sourcesOf(config, env, which);
    if (source) sources.set(which, source);
  }
  // The keychain is for those who have nothing else.
  if (sources.get("key")?.kind === "keychain" && !config.keys.every(isParticular))
    sources.delete("key");
  return sources;
}

/** Whether a rule is for some requests only. */
export function isParticular({ paths, models }: KeyRule): boolean {
  return paths !== undefined || models !== undefined;
}

/** Where the key of a rule comes from. */
export function sourceOf(rule: KeyRule, config: Config, env: NodeJS.ProcessEnv): Source {
  const source =
    fromCommand(rule.command ?? [], withoutSecrets(env, config)) ?? fromFile(rule.file ?? "");
  return source ?? fromNamedVariable(rule.env!, env);
}

function fromKeychain(env: NodeJS.ProcessEnv, which: Which): Source {
  return {
    kind: "keychain",
    name: "the system's keychain",
    read: (signal) => createKeychain({ env, signal }).read(which),
    againMs: 60_000,
    isOptional: true,
  };
}

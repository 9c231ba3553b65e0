import type { Config } from "../config/settings.ts";
import type { Source } from "../key/source.ts";
import { sourceOf, sourcesOf } from "../key/sources.ts";

/** Every key and token that the relay can know before its first call. */
export async function knownSecrets(config: Config, env: NodeJS.ProcessEnv): Promise<string[]> {
  const sources = [
    ...sourcesOf(config, env, "key"),
    ...sourcesOf(config, env, "admin"),
    ...config.keys.map((rule) => sourceOf(rule, config, env)),
  ];
  const keys = await Promise.all(sources.filter(isAtHand).map(read));
  const secrets = [...keys, ...config.tokens].map((secret) => secret?.trim() ?? "");
  // The longest first: one may be the beginning of another.
  return [...new Set(secrets)].filter(isTelling).sort((a, b) => b.length - a.length);
}

/** Commands and keychains may ask a person, for a command that makes no call; a pipe can be read once. */
function isAtHand({ kind, againMs }: Source): boolean {
  return kind === "environment" || kind === "envFile" || (kind === "file" && againMs !== undefined);
}

/** Why a key cannot be read is told to those who call. */
function read(source: Source): Promise<string | undefined> {
  return source.read(new AbortController().signal).catch(() => undefined);
}

/** Other words (`relay`, `test`) may stand by chance in a variable, and in the midst of a path. */
function isTelling(text: string): boolean {
  return text.length >= 20 || /^sk-.{4}/.test(text);
}

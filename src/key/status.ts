import type { Config } from "../config/settings.ts";
import { type Told, tellOf } from "./fingerprint.ts";
import { readKey } from "./holder.ts";
import type { Source, Which } from "./source.ts";
import { sourceOf, sourcesOf } from "./sources.ts";

type Env = NodeJS.ProcessEnv;

/** What was found in one place. */
export type Look = {
  from: Source["kind"];
  /** In words. */
  source: string;
  /** Absent when it was not read or cannot be used. */
  key?: Told;
  /** Why it cannot be used. */
  trouble?: string;
};

export type Status = {
  /** The place that wins, even if what lies there cannot be used. */
  used: Look | undefined;
  /** Where another key lies that nobody asks for. */
  shadowed: Look[];
};

/** Where a key comes from and where else there is one. Asks all of them, the keychain too. */
export async function statusOf(config: Config, env: Env, which: Which): Promise<Status> {
  const looks: Look[] = [];
  for (const source of sourcesOf(config, env, which)) {
    const found = await look(source);
    if (found) looks.push(found);
  }
  const [used, ...shadowed] = looks;
  return { used, shadowed };
}

/** The keys of the rules, by the rules' names. */
export async function ruleStatus(config: Config, env: Env): Promise<Record<string, Look>> {
  const looks: Record<string, Look> = {};
  for (const rule of config.keys) looks[rule.name] = (await look(sourceOf(rule, config, env)))!;
  return looks;
}

async function look(source: Source): Promise<Look | undefined> {
  const place = { from: source.kind, source: source.name };
  // It can be read only once, and not from a terminal.
  if (source.kind === "input") return place;
  const never = new AbortController().signal;
  try {
    const key = await readKey(source, never);
    return key === undefined ? undefined : { ...place, key: tellOf(key) };
  } catch (error) {
    return { ...place, trouble: (error as Error).message };
  }
}

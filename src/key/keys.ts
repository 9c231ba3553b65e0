import { matches } from "../config/pattern.ts";
import type { KeyRule } from "../config/sections/key.ts";
import type { Config } from "../config/settings.ts";
import { standInRemark } from "./environment.ts";
import { type Found, Holder } from "./holder.ts";
import type { Source } from "./source.ts";
import { findSources, isParticular } from "./sources.ts";

/** The one place that holds the keys. */
export type Keys = {
  /** Where the ordinary key comes from, in words; `undefined`: from nowhere but, maybe, the keychain. */
  readonly source: string | undefined;
  /** What to say when there is none. */
  readonly missing: string;
  /** The key for a request to `path` (with `/v1`) that names `model`; `undefined` when there is none. */
  find(path: string, isAdmin: boolean, model: string | undefined): Found;
  /** Forgets the keys, and ends what still reads one. */
  close(): void;
};

/**
 * The keys of the settings. An admin operation gets the admin key, if there is one; else the first rule of
 * `keys` that matches has its way; all other requests go round the ordinary key and the rules that match
 * nothing in particular.
 */
export function createKeys(
  config: Config,
  env: NodeJS.ProcessEnv,
  sources = findSources(config, env),
): Keys {
  const end = new AbortController();
  const hold = ({ name }: KeyRule) => new Holder(name, sources.get(`keys.${name}`)!, end.signal);

  const admin = createHolder("admin", sources.get("admin"));
  const chosen = config.keys.filter(isParticular).map((rule) => ({ rule, holder: hold(rule) }));
  const pooled = config.keys.filter((rule) => !isParticular(rule)).map(hold);
  const usual = sources.get("key");
  const ordinary = createHolder("default", usual);
  const names = usual && usual.kind !== "keychain" ? [usual.name] : [];
  names.push(...pooled.map(({ name }) => `"${name}" of keys`));
  const pool = ordinary ? [ordinary, ...pooled] : pooled;
  let turn = 0;

  function createHolder(name: string, source: Source | undefined): Holder | undefined {
    return source && new Holder(name, source, end.signal);
  }

  function find(path: string, isAdmin: boolean, model: string | undefined): Found {
    const own = isAdmin ? admin?.get() : undefined;
    if (own === undefined) return findOrdinary(path, model);
    return own instanceof Promise ? own.then((key) => key ?? findOrdinary(path, model)) : own;
  }

  function findOrdinary(path: string, model: string | undefined): Found {
    for (const { rule, holder } of chosen) if (fits(rule, path, model)) return holder.get();
    return pool[turn++ % pool.length]?.get();
  }

  return {
    source: names.length > 0 ? names.join(", ") : undefined,
    missing: noKey(env),
    find,
    close: () => end.abort(),
  };
}

function noKey(env: NodeJS.ProcessEnv): string {
  const next = 'Start it with OPENAI_API_KEY (or keyFile, keyCommand), or run "relay key set".';
  return `The relay has no API key. ${standInRemark(env) ?? next}`;
}

/** Whether a request is one of those that a rule is for: by its path and by its model, as far as it says. */
function fits({ paths, models }: KeyRule, path: string, model: string | undefined): boolean {
  if (paths !== undefined && !paths.some((pattern) => matches(pattern, path))) return false;
  if (models === undefined) return true;
  return model !== undefined && models.some((pattern) => matches(pattern, model));
}

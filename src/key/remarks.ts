import { exposureOf } from "../config/exposure.ts";
import { isOffline } from "../config/offline.ts";
import type { Config } from "../config/settings.ts";
import { printable } from "../config/shown.ts";
import { standInRemark } from "./environment.ts";
import { readKey } from "./holder.ts";
import type { Source } from "./source.ts";
import { sourceOf, sourcesOf } from "./sources.ts";

type Env = NodeJS.ProcessEnv;

/** What is amiss with the keys, one line each, as far as it shows before anything is run or read for them. */
export async function keyRemarks(config: Config, env: Env): Promise<string[]> {
  if (config.mock || config.auth === "passthrough" || isOffline(config, env)) return [];
  const [key] = sourcesOf(config, env, "key");
  const [admin] = sourcesOf(config, env, "admin");
  const rules = config.keys.map((rule) => sourceOf(rule, config, env));
  const hasOwn = rules.length > 0 || (key !== undefined && key.kind !== "keychain");
  const faults = await Promise.all([key, admin, ...rules].map(faultIn));
  const remarks = [hasOwn ? undefined : standInRemark(env), ...faults, ...exposures(config)];
  return remarks.filter((remark) => remark !== undefined);
}

/** What is wrong with a key of the environment, which costs nothing to look at. */
async function faultIn(source: Source | undefined): Promise<string | undefined> {
  if (source?.kind !== "environment") return undefined;
  const never = new AbortController().signal;
  return readKey(source, never).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** Files that others can read and the user cannot change, as containers mount secrets. */
function exposures({ keyFile, adminKeyFile, keys }: Config): string[] {
  return [keyFile, adminKeyFile, ...keys.map(({ file = "" }) => file)]
    .filter((file) => file !== "" && file !== "-" && exposureOf(file) === "given")
    .map((file) => `Others who are let into this machine can read the key in ${printable(file)}.`);
}

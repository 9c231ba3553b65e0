import type { Setting } from "./kinds.ts";
import { settings } from "./settings.ts";

/** Settings or groups of settings, by name. */
export type Group = { readonly [name: string]: Setting | Group };

/** The declaration as a tree whose leaves are settings. */
export const tree: Group = settings;

export function isSetting(entry: Setting | Group): entry is Setting {
  return "schema" in entry;
}

/** Every setting by its dotted path, in the order of the declaration. */
export const allSettings: ReadonlyMap<string, Setting> = new Map(flatten(tree, ""));

function* flatten(group: Group, prefix: string): Generator<[string, Setting]> {
  for (const [name, entry] of Object.entries(group)) {
    if (isSetting(entry)) yield [prefix + name, entry];
    else yield* flatten(entry, `${prefix}${name}.`);
  }
}

/** Node reads `--env-file` wherever it stands, before the relay begins, and runs what NODE_OPTIONS in it says. */
const renamed = new Map([["envFile", "--dotenv"]]);

/** `timeouts.connect` is `--timeouts-connect`. */
export function flagOf(path: string): string {
  return renamed.get(path) ?? `--${words(path).join("-").toLowerCase()}`;
}

/** `timeouts.connect` is `RELAY_TIMEOUTS_CONNECT`. */
export function variableOf(path: string): string {
  return `RELAY_${words(path).join("_").toUpperCase()}`;
}

function words(path: string): string[] {
  return path.split(/\.|(?=[A-Z])/);
}

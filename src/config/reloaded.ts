import { isDeepStrictEqual } from "node:util";
import type { Loaded } from "./load.ts";
import { allSettings } from "./names.ts";
import type { Config } from "./settings.ts";

export type Reloaded = {
  loaded: Loaded;
  /** The names of settings that have another value now. */
  changed: string[];
  /** Those that have another value in the file, but hold until the relay ends. */
  kept: string[];
};

/** What becomes of the settings in force when they are read anew. */
export function reloaded(former: Loaded, next: Loaded): Reloaded {
  const config = structuredClone(next.config);
  const changed: string[] = [];
  const kept: string[] = [];
  for (const [path, { fixed }] of allSettings) {
    const before = place(former.config, path);
    const after = place(config, path);
    if (isDeepStrictEqual(before.value, after.value)) continue;
    if (fixed) after.set(before.value);
    (fixed ? kept : changed).push(path);
  }
  return { loaded: { ...next, config }, changed, kept };
}

/** Where a dotted path leads. */
function place(config: Config, path: string): { value: unknown; set(value: unknown): void } {
  const names = path.split(".");
  const last = names.pop()!;
  const group = names.reduce((at, name) => Reflect.get(at, name) as object, config as object);
  return { value: Reflect.get(group, last), set: (value) => void Reflect.set(group, last, value) };
}

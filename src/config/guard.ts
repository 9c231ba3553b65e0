import { isDeepStrictEqual } from "node:util";
import type { Given, Layer } from "./layer.ts";
import { allSettings } from "./names.ts";
import { shown } from "./shown.ts";
import { keyAtStake, runsCommand } from "./stake.ts";

type Parts = {
  env: NodeJS.ProcessEnv;
  /** The file that a search found. */
  file: string;
  /** What it says. */
  project: Layer;
  /** What flags, environment and the user's own file say. */
  outside: Layer[];
  /** What holds without the file. */
  below: (path: string) => Given | undefined;
};

/**
 * What a config file that nobody vouched for would do with a key that is not its own, or to limits that
 * the user has set, in words; nothing when it does no harm. Whoever clones a repository must not lose a
 * key to it.
 */
export function harmOf(parts: Parts): string | undefined {
  const loose = loosened(parts);
  const danger = dangerOf(parts);
  const harms = [...(danger ? [danger] : []), ...(loose.length > 0 ? [loose.join(", ")] : [])];
  return harms.length > 0 ? `sets ${harms.join(", and ")}` : undefined;
}

/** What it would do with a key. */
function dangerOf(parts: Parts): string | undefined {
  const tried = triedBy(parts);
  if (tried === undefined) return undefined;
  const stake = runsCommand(parts.project) ? "it runs a command" : keyAtStake(parts);
  return stake && `${tried} (${stake})`;
}

/** What the file changes of that which only the user may say, in words. */
export function triedBy({ project, below }: Pick<Parts, "project" | "below">): string | undefined {
  const tried = [...project].filter(
    ([path, { value }]) =>
      allSettings.get(path)!.trusted && !isDeepStrictEqual(value, below(path)?.value),
  );
  const sets = tried.map(
    ([path, { value }]) => `${path} to ${shown(allSettings.get(path), value)}`,
  );
  return sets.length > 0 ? sets.join(", ") : undefined;
}

/** What keeps requests back. Whoever sets such a thing for all of their projects means it. */
const restraint =
  /^(?:policy\..*|budget\w*|allowPaths|limits\.body|validate|contentTypes|websocket)$/;

/** What the file sets otherwise than the user's own file does, of all that keeps requests back. */
function loosened({ project, outside, below }: Parts): string[] {
  return [...project].flatMap(([path, { value }]) => {
    if (!restraint.test(path)) return [];
    const own = outside.find((layer) => layer.has(path))?.get(path);
    // Flags and environment win over the file anyway.
    if (own === undefined || own !== below(path) || isDeepStrictEqual(value, own.value)) return [];
    const setting = allSettings.get(path);
    return `${path} to ${shown(setting, value)} (${own.origin} says ${shown(setting, own.value)})`;
  });
}

import { realpathSync } from "node:fs";
import { dirname, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { variable } from "./environment.ts";
import type { Given, Layer } from "./layer.ts";
import { allSettings } from "./names.ts";
import { shown } from "./shown.ts";

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
 * What a config file that nobody vouched for would do with a key that is not its own, in words; nothing
 * when it does no harm. Whoever clones a repository must not lose a key to it.
 */
export function harmOf({ env, file, project, outside, below }: Parts): string | undefined {
  const tried = [...project].filter(
    ([path, { value }]) =>
      allSettings.get(path)!.trusted && !isDeepStrictEqual(value, below(path)?.value),
  );
  if (tried.length === 0) return undefined;
  const sets = tried.map(
    ([path, { value }]) => `${path} to ${shown(allSettings.get(path), value)}`,
  );
  const stake = has(project, "keyCommand")
    ? "it runs a command"
    : keyAtStake({ env, file, project, outside });
  return stake && `sets ${sets.join(", ")} (${stake})`;
}

function keyAtStake({ env, file, project, outside }: Omit<Parts, "below">): string | undefined {
  for (const name of ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY"])
    if (variable(env, name)) return `at stake: the key of env ${name}`;
  for (const path of ["keyFile", "adminKeyFile", "keyCommand"]) {
    const layer = outside.find((one) => has(one, path));
    if (layer) return `at stake: the key of ${path}, ${layer.get(path)!.origin}`;
    if (path !== "keyCommand" && has(project, path) && !isBeside(file, project.get(path)!.value))
      return `at stake: ${path}, which is outside of its folder`;
  }
  const passing = [...outside, project].some((one) => one.get("auth")?.value === "passthrough");
  return passing ? "at stake: the keys of all clients" : undefined;
}

function has(layer: Layer, path: string): boolean {
  const value = layer.get(path)?.value as string | string[] | undefined;
  return value !== undefined && value.length > 0;
}

/** Whether a key file really lies in the folder of the config file or below. */
function isBeside(file: string, keyFile: unknown): boolean {
  try {
    const way = relative(dirname(realpathSync(file)), realpathSync(String(keyFile)));
    return !/^\.\.|^[a-z]:|^[/\\]/i.test(way);
  } catch {
    // What is not there cannot be lost; that it is missing is found out later.
    return true;
  }
}

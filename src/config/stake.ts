import { realpathSync } from "node:fs";
import { dirname, relative } from "node:path";
import { variable } from "./environment.ts";
import type { Layer } from "./layer.ts";
import type { KeyRule } from "./sections/key.ts";

type Parts = {
  env: NodeJS.ProcessEnv;
  /** The file that a search found. */
  file: string;
  /** What it says. */
  project: Layer;
  /** What flags, environment and the user's own file say. */
  outside: Layer[];
};

const files = ["keyFile", "adminKeyFile", "envFile"];
const commands = ["keyCommand", "adminKeyCommand"];

/** Whether a layer wants a program to be run. */
export function runsCommand(layer: Layer): boolean {
  return commands.some((path) => has(layer, path)) || rulesOf(layer).some(({ command }) => command);
}

/**
 * Which key that is not the file's own could get lost to it, in words. What the keychain may hold is not
 * among them, unless somebody asked for it: it is then not looked at.
 */
export function keyAtStake({ env, file, project, outside }: Parts): string | undefined {
  for (const name of ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY"])
    if (variable(env, name)) return `at stake: the key of env ${name}`;
  for (const path of [...files, ...commands, "keys", "keychain"]) {
    const layer = outside.find((one) => has(one, path));
    if (layer) return `at stake: the key of ${path}, ${layer.get(path)!.origin}`;
  }
  for (const path of files)
    if (has(project, path) && !isBeside(file, project.get(path)!.value))
      return `at stake: ${path}, which is outside of its folder`;
  for (const { name, env: variableName, file: keyFile } of rulesOf(project)) {
    if (variableName && variable(env, variableName))
      return `at stake: the key of env ${variableName}`;
    if (keyFile && !isBeside(file, keyFile))
      return `at stake: the file of "${name}", which is outside of its folder`;
  }
  const passing = [...outside, project].some((one) => one.get("auth")?.value === "passthrough");
  return passing ? "at stake: the keys of all clients" : undefined;
}

function has(layer: Layer, path: string): boolean {
  const value = layer.get(path)?.value;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function rulesOf(layer: Layer): KeyRule[] {
  return (layer.get("keys")?.value ?? []) as KeyRule[];
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

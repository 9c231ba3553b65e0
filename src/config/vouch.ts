import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError, failOn, type Problem } from "./error.ts";
import { display } from "./folders.ts";
import { type Layer, takeTree } from "./layer.ts";
import type { Input } from "./load.ts";
import { allSettings } from "./names.ts";
import { pointTo } from "./positions.ts";
import { isModule, readConfigFile } from "./read.ts";
import { findProjectFile } from "./search.ts";
import { shown } from "./shown.ts";
import { trust } from "./trust.ts";

/** Trusts the named file, or the one that a search finds; says what that lets it do. */
export async function vouch(
  named: string | undefined,
  { config, cwd, env }: Input,
): Promise<string> {
  const chosen = named ?? (config || undefined);
  const file = chosen ? resolve(cwd, chosen) : await findProjectFile(cwd, []);
  if (file === undefined)
    throw new ConfigError("There is no config file here that could be trusted.");
  const name = display(file, cwd);
  if (!existsSync(file)) throw new ConfigError(`${name}: there is no such file`);
  const powers = isModule(file)
    ? ["It runs as code, with all that it imports."]
    : await powersOf(file, name);
  trust(file, env);
  return [`${name} is trusted as it is now; a change ends that.`, ...powers].join("\n");
}

async function powersOf(file: string, name: string): Promise<string[]> {
  const layer: Layer = new Map();
  const problems: Problem[] = [];
  const source = { kind: "file", origin: `file ${name}`, base: dirname(file) } as const;
  takeTree(layer, (await readConfigFile(file, name)) ?? {}, source, problems);
  failOn(await pointTo(problems, file, name));
  const powers = [...layer].filter(([path]) => allSettings.get(path)!.trusted);
  return powers.map(([path, { value }]) => `  ${path}: ${shown(allSettings.get(path), value)}`);
}

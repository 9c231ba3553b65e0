import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { complaintsAbout } from "./checks.ts";
import { environmentLayer, variable } from "./environment.ts";
import { ConfigError, failOn, type Problem, UsageError } from "./error.ts";
import { configFolders, display } from "./folders.ts";
import { formerLayer } from "./former.ts";
import { harmOf, triedBy } from "./guard.ts";
import { type Given, type Layer, take, takeTree } from "./layer.ts";
import { allSettings, flagOf } from "./names.ts";
import { isModule, readConfigFile } from "./read.ts";
import { findProjectFile, findUserFile } from "./search.ts";
import type { Config } from "./settings.ts";
import { shown } from "./shown.ts";
import { tokenRemarks } from "./token-rules.ts";

export type Input = {
  /** Dotted path of a setting → text, several texts, or a switch, as the command line gave it. */
  flags: Record<string, unknown>;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** The file to read instead of searching; `false`: none at all. */
  config?: string | false;
};

export type Loaded = {
  config: Config;
  /** Dotted path → "flag --port", "env RELAY_PORT", "file ./relay.config.json" or "default". */
  origins: Record<string, string>;
  /** Config files that were read. */
  files: string[];
  /** One line each, for stderr. */
  remarks: string[];
};

/** The settings in force: flags over environment over project file over user file over defaults. */
export async function loadConfig(input: Input): Promise<Loaded> {
  const { env, cwd } = input;
  const problems: Problem[] = [];
  const remarks: string[] = [];
  const flags = flagLayer(input, problems);
  const environment = environmentLayer(env, cwd, problems, remarks);
  const defaults = defaultLayer();

  const file = await projectFile(input, remarks);
  const userFile = input.config === false ? undefined : findUserFile(configFolders(env));
  const user = await fileLayer(userFile, cwd, problems);
  const trusted = !file?.found || (await import("./trust.ts")).isTrusted(file.path, env);
  const mayRun = file !== undefined && (trusted || !isModule(file.path));
  const project = await fileLayer(mayRun ? file.path : undefined, cwd, problems);
  if (file && !trusted) {
    const outside = [flags, environment, user];
    const below = (path: string) => first([user, defaults], path);
    const harm = mayRun
      ? harmOf({ env, file: file.path, project, outside, below })
      : "is code, which would run in the relay";
    const name = display(file.path, cwd);
    if (harm) problems.push({ text: notTrusted(name, harm), flag: false });
    else if (first([flags, environment, project, user, defaults], "keychain")?.value)
      leaveKeychain({ project, below }, name, remarks);
  }

  const newer = (path: string) => first([flags, environment], path);
  const below = (path: string) => first([project, user, defaults], path);
  const former = formerLayer(env, cwd, { newer, below }, problems, remarks);
  const files = [file?.path, userFile].filter((one) => one !== undefined);
  failOn(await pointToAll(problems, files, cwd));

  const { config, origins } = merge([flags, environment, former, project, user, defaults]);
  const complaints = complaintsAbout(config, env).map(([path, what]) =>
    toProblem(path, what, config, origins),
  );
  failOn(await pointToAll(complaints, files, cwd));
  remarks.push(...tokenRemarks(config, env));
  return { config, origins, files, remarks };
}

function flagLayer({ flags, cwd }: Input, problems: Problem[]): Layer {
  const layer: Layer = new Map();
  for (const [path, raw] of Object.entries(flags)) {
    const flag = raw === false ? flagOf(path).replace("--", "--no-") : flagOf(path);
    take(layer, path, raw, { kind: "flag", origin: `flag ${flag}`, base: cwd }, problems);
  }
  return layer;
}

function defaultLayer(): Layer {
  const layer: Layer = new Map();
  for (const [path, setting] of allSettings)
    take(layer, path, setting.default, { kind: "file", origin: "default", base: "" }, []);
  return layer;
}

async function fileLayer(
  file: string | undefined,
  cwd: string,
  problems: Problem[],
): Promise<Layer> {
  const layer: Layer = new Map();
  if (file === undefined) return layer;
  const name = display(file, cwd);
  try {
    const content = (await readConfigFile(file, name)) ?? {};
    const source = { kind: "file", origin: `file ${name}`, base: dirname(file) } as const;
    takeTree(layer, content, source, problems);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push({ text: error.message, flag: false });
  }
  return layer;
}

/** The project's file: named by the user, or found by searching, which is another matter. */
async function projectFile({ config, env, cwd }: Input, remarks: string[]) {
  if (config === false) return undefined;
  const named = config ?? variable(env, "RELAY_CONFIG");
  if (named !== undefined) {
    const path = resolve(cwd, named);
    if (config && !existsSync(path))
      throw new UsageError(`--config ${config}: there is no such file`);
    return { path, found: false };
  }
  const path = await findProjectFile(resolve(cwd), remarks);
  return path === undefined ? undefined : { path, found: true };
}

function first(layers: Layer[], path: string): Given | undefined {
  return layers.find((layer) => layer.has(path))?.get(path);
}

function merge(layers: Layer[]): Pick<Loaded, "config" | "origins"> {
  const config: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const path of allSettings.keys()) {
    const { value, origin } = first(layers, path)!;
    const [name, inner] = path.split(".") as [string, string?];
    if (inner === undefined) config[name] = value;
    else config[name] = { ...(config[name] as object), [inner]: value };
    origins[path] = origin;
  }
  return { config: config as Config, origins };
}

/**
 * Nobody knows before it is asked whether the keychain holds a key. So it is not asked where a file that
 * nobody vouched for says where keys go.
 */
function leaveKeychain(
  { project, below }: Parameters<typeof triedBy>[0],
  name: string,
  remarks: string[],
): void {
  const tried = triedBy({ project, below });
  if (tried === undefined) return;
  project.set("keychain", { value: false, origin: `file ${name} is not trusted` });
  remarks.push(`${name} sets ${tried}: no key of the keychain until "relay config trust" is run.`);
}

function toProblem(
  path: keyof Config,
  what: string,
  config: Config,
  origins: Record<string, string>,
): Problem {
  const origin = origins[path]!;
  const value = shown(allSettings.get(path), config[path]);
  const text = `"${path}" is ${value} (${origin}): ${what}`;
  return { text, flag: origin.startsWith("flag "), path };
}

/** With line and column of what files say. Loaded only where something is wrong. */
async function pointToAll(
  problems: Problem[],
  files: readonly string[],
  cwd: string,
): Promise<Problem[]> {
  if (problems.length === 0) return problems;
  const { pointTo } = await import("./positions.ts");
  let pointed = problems;
  for (const file of files) pointed = await pointTo(pointed, file, display(file, cwd));
  return pointed;
}

function notTrusted(name: string, harm: string): string {
  return `${name} ${harm}. Look at it, then run "relay config trust", or pass --config ${name}.`;
}

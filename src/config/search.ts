import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "./error.ts";
import { isFacebooks } from "./facebook.ts";
import { display } from "./folders.ts";
import { keyOf, parse, toText } from "./read.ts";

const kinds = ["json", "yaml", "yml", "ts", "mts", "js", "mjs", "cjs"];

/** What a project's config file may be called; the first one wins. */
export const projectNames = [
  ...kinds.map((kind) => `relay.config.${kind}`),
  ...kinds.map((kind) => `openai-relay.config.${kind}`),
  ".openai-relayrc",
  ...kinds.map((kind) => `.openai-relayrc.${kind}`),
  "package.json",
];

const unreadNames = ["relay.config", "openai-relay.config", ".openai-relayrc"].flatMap((name) =>
  ["toml", "json5", "jsonc"].map((kind) => `${name}.${kind}`),
);

/** What the user's own config file may be called; the first one wins. */
export const userNames = kinds.map((kind) => `config.${kind}`);

/** The user's own config file, if there is one. */
export function findUserFile(folders: string[]): string | undefined {
  const files = folders.flatMap((folder) => userNames.map((name) => join(folder, name)));
  return files.find((file) => existsSync(file));
}

/** The folders that belong to the project around a folder: up to the one with its package file. */
export function projectFolders(cwd: string): string[] {
  const folders: string[] = [];
  for (let folder = cwd; !folders.includes(folder); folder = dirname(folder)) {
    folders.push(folder);
    if (["package.json", "package.yaml"].some((name) => existsSync(join(folder, name)))) break;
  }
  return folders;
}

function mayHaveOne(folder: string, cwd: string): boolean {
  const names = projectNames.filter((name) => isReadable(join(folder, name), cwd));
  return names.some((name) => {
    const file = join(folder, name);
    return name !== "package.json" || hasOurKey(toText(readFileSync(file)));
  });
}

/** A file that looks like a config file but is of a kind that is not read must not go by in silence. */
function remarkOnOthers(cwd: string, remarks: string[]): void {
  for (const folder of projectFolders(cwd)) {
    for (const name of unreadNames.filter((name) => existsSync(join(folder, name)))) {
      const read = kinds.map((kind) => `.${kind}`).join(", ");
      remarks.push(`${display(join(folder, name), cwd)} is not read: only ${read} are.`);
    }
  }
}

/** The config file of the project around a folder. Runs no code that lies there. */
export async function findProjectFile(cwd: string, remarks: string[]): Promise<string | undefined> {
  for (const folder of new Set([cwd, process.cwd()])) await refuseSearchSettings(folder, cwd);
  remarkOnOthers(cwd, remarks);
  // Most projects have none, and to learn that from cosmiconfig takes longer than all else here.
  const folders = projectFolders(cwd).filter((folder) => mayHaveOne(folder, cwd));
  if (folders.length === 0) return undefined;
  const { cosmiconfig, defaultLoaders } = await import("cosmiconfig");

  // Only looks; reading is for later, when it is known whether the file may be trusted.
  async function look(file: string, text: string): Promise<{ file: string } | null> {
    if (!(await isFacebooks(file, text))) return { file };
    const better = "call this relay's file openai-relay.config.json";
    remarks.push(`${display(file, cwd)} is of Facebook's Relay compiler and skipped; ${better}.`);
    return null;
  }
  function lookInJson(file: string, text: string) {
    if (basename(file) !== "package.json") return look(file, text);
    return hasOurKey(text) ? { "openai-relay": { file } } : {};
  }

  // Every loader it has of its own must go, or it would run what it finds.
  const names = [...Object.keys(defaultLoaders), "default"];
  const loaders = Object.fromEntries(names.map((name) => [name, look]));
  try {
    const found = await cosmiconfig("openai-relay", {
      searchPlaces: projectNames,
      searchStrategy: "project",
      cache: false,
      loaders: { ...loaders, ".json": lookInJson },
    }).search(cwd);
    return found?.filepath;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ConfigError(`The search for a config file failed: ${reason}`);
  }
}

/** Bytes of a file that a search finds. */
const largest = 1024 ** 2;

/** Whether there is a file to read. A device or a pipe, which links can lead to, may never come to an end. */
function isReadable(file: string, cwd: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat || stat.isDirectory()) return false;
  if (stat.isFile() && stat.size <= largest) return true;
  const what = stat.isFile() ? `larger than ${largest} bytes` : "no ordinary file";
  throw new ConfigError(`${display(file, cwd)} is ${what}. Move it away, or pass --no-config.`);
}

function hasOurKey(text: string): boolean {
  try {
    return keyOf(JSON.parse(text), "openai-relay") !== undefined;
  } catch {
    return false;
  }
}

/**
 * cosmiconfig looks for settings of its own in the working directory, and runs them when they are
 * code or import code. That happens before it is asked anything, so it must not be asked at all.
 */
async function refuseSearchSettings(folder: string, cwd: string): Promise<void> {
  const refuse = (file: string, what: string): never => {
    const way = "Move it away, or pass --config FILE or --no-config.";
    throw new ConfigError(`${display(join(folder, file), cwd)} ${what}. ${way}`);
  };
  for (const kind of ["json", "yaml", "yml", "js", "ts", "cjs", "mjs"]) {
    const file = join(".config", `config.${kind}`);
    if (existsSync(join(folder, file)))
      refuse(file, "is in the way: the search for config files would run it");
  }
  for (const name of ["package.json", "package.yaml"]) {
    const file = join(folder, name);
    if (!isReadable(file, cwd)) continue;
    const content = await parse(file, toText(readFileSync(file))).catch(() =>
      refuse(name, "cannot be read"),
    );
    if (keyOf(keyOf(content, "cosmiconfig"), "$import") !== undefined)
      refuse(name, 'has "cosmiconfig.$import", which the search for config files would run');
  }
}

import { statSync } from "node:fs";
import type { Command } from "commander";
import { UsageError } from "../../config/error.ts";
import { settingFlags } from "../../config/flags.ts";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/settings.ts";
import { ExitError } from "../../exit.ts";
import type { Entry } from "../../tape/entry.ts";
import { readEntry } from "../../tape/file.ts";
import { TapeError } from "../../tape/lines.ts";

// What the commands of `relay tape` have in common.

export async function configOf(command: Command): Promise<Config> {
  const { config, remarks } = await loadConfig(settingFlags(command));
  for (const remark of remarks) tell(remark);
  return config;
}

/** Crosses out what looks like a credential, what `scrub` lists, and the keys of this environment. */
export async function scrubOf(command: Command) {
  const { createScrub } = await import("../../scrub.ts");
  const { keepSecret } = await import("../../tellable.ts");
  const { scrub } = await configOf(command);
  const { OPENAI_API_KEY = "", OPENAI_ADMIN_KEY = "" } = process.env;
  for (const key of [OPENAI_API_KEY, OPENAI_ADMIN_KEY]) if (key.length >= 16) keepSecret(key);
  return createScrub(scrub);
}

export function expectFolder(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`There is no folder ${folder}.`);
}

export async function entryIn(file: string): Promise<Entry> {
  return readEntry(file).catch(explain(file));
}

/** For `catch`: what is wrong with a file. */
export function explain(file: string): (error: unknown) => never {
  return (error) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`There is no file ${file}.`);
    throw error instanceof TapeError ? new ExitError(1, error.message) : error;
  };
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

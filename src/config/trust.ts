import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { stateFolder } from "./folders.ts";
import { keyOf } from "./read.ts";

type Env = NodeJS.ProcessEnv;

/** Whether the user has said of this file, as it is now, that it may have the key. */
export function isTrusted(file: string, env: Env): boolean {
  return keyOf(readTrusted(env), realpathSync(file)) === digestOf(file);
}

/** Remembers that the user trusts this file as it is now. */
export function trust(file: string, env: Env): void {
  const folder = stateFolder(env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const files = { ...readTrusted(env), [realpathSync(file)]: digestOf(file) };
  const next = join(folder, `trusted.${randomUUID()}.json`);
  writeFileSync(next, JSON.stringify({ version: 1, files }, null, 2), { mode: 0o600, flag: "wx" });
  renameSync(next, join(folder, "trusted.json"));
}

/** SHA-256 by file; an unreadable list trusts nothing. */
function readTrusted(env: Env): Record<string, string> {
  try {
    const text = readFileSync(join(stateFolder(env), "trusted.json"), "utf8");
    return (keyOf(JSON.parse(text), "files") ?? {}) as Record<string, string>;
  } catch {
    return {};
  }
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

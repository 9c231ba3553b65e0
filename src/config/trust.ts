import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { keyOf } from "./read.ts";
import { stateFile } from "./state-file.ts";

type Env = NodeJS.ProcessEnv;

/** Whether the user has said of this file, as it is now, that it may have the key. */
export function isTrusted(file: string, env: Env): boolean {
  return keyOf(filesIn(listOf(env).read()), realpathSync(file)) === digestOf(file);
}

/** Remembers that the user trusts this file as it is now. */
export function trust(file: string, env: Env): void {
  const trusted = { [realpathSync(file)]: digestOf(file) };
  listOf(env).change((list) => ({ version: 1, files: { ...filesIn(list), ...trusted } }));
}

function listOf(env: Env) {
  return stateFile(env, "trusted.json");
}

/** SHA-256 by file; an unreadable list trusts nothing. */
function filesIn(list: unknown): object {
  const files = keyOf(list, "files");
  return typeof files === "object" && files !== null ? files : {};
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

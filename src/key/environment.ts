import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { printable } from "../config/shown.ts";
import { keyMissing } from "../errors.ts";
import { faultOf, standIn } from "./form.ts";
import type { Source } from "./source.ts";

/**
 * A variable of the environment. The word that clients send as their key is none: who uses the relay in
 * the shell that it was started from has said so there.
 */
export function fromEnvironment(name: string, env: NodeJS.ProcessEnv): Source | undefined {
  const value = env[name]?.trim();
  if (!value || value === standIn) return undefined;
  return { kind: "environment", name: `${name} (environment)`, read: async () => value };
}

/** What to say when the key of the environment is the word that clients send as theirs. */
export function standInRemark(env: NodeJS.ProcessEnv): string | undefined {
  const name = "OPENAI_API_KEY";
  const fault = env[name]?.trim() === standIn ? faultOf(standIn) : undefined;
  return fault && `${name} ${fault.what}. ${fault.next}`;
}

/** A variable that somebody named as the place of a key: it must be set. */
export function fromNamedVariable(name: string, env: NodeJS.ProcessEnv): Source {
  const source = fromEnvironment(name, env);
  const missing = keyMissing(`The environment variable ${name}, which "keys" names, is not set.`);
  return source ?? { kind: "environment", name, read: () => Promise.reject(missing) };
}

/** One variable of a .env file, if it is there; all others stay unread. */
export function fromEnvFile(file: string, name: string): Source | undefined {
  if (file === "") return undefined;
  const find = (text: string) => parseEnv(text)[name]?.trim() || undefined;
  if (find(read(file)) === undefined) return undefined;
  return {
    kind: "envFile",
    name: `${name} (${printable(file)})`,
    read: async () => find(await readFile(file, "utf8")),
    againMs: 0,
  };
}

/** Whether it can be read is the business of the settings' check. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

import { printable } from "../config/shown.ts";
import { type Ended, runChild } from "./child.ts";
import { type Call, toolOf } from "./keychain-tools.ts";
import type { Which } from "./source.ts";

/** The keychain of the system, through the system's own tool. */
export type Keychain = {
  /** `undefined` when nothing is kept there. */
  read(which: Which): Promise<string | undefined>;
  store(which: Which, key: string): Promise<void>;
  /** Whether there was something to remove. */
  remove(which: Which): Promise<boolean>;
};

/** The keychain cannot be used: its tool is missing, or fails. */
export class KeychainError extends Error {
  override name = "KeychainError";
}

type Parts = { env: NodeJS.ProcessEnv; signal: AbortSignal; platform?: NodeJS.Platform };

export function createKeychain({ env, signal, platform = process.platform }: Parts): Keychain {
  const tool = toolOf(platform, env);

  async function run({ argv, input = "" }: Call): Promise<Ended> {
    return runChild({ argv, env, signal, input }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ENOENT" ? new KeychainError(tool.missing) : failed(error.code);
    });
  }

  function failed(why: unknown): KeychainError {
    return new KeychainError(`${tool.name} failed: ${printable(String(why)).slice(0, 200)}.`);
  }

  function mustSucceed({ code, stderr }: Ended): void {
    // Without a final full stop, and the name that stands in front anyway.
    const [said] = stderr.trim().split("\n");
    const what = said?.replace(`${tool.name}: `, "").replace(/\.$/, "");
    if (code !== 0) throw failed(what || `exit code ${code}`);
  }

  async function read(which: Which): Promise<string | undefined> {
    const ended = await run(tool.read(which));
    if (tool.isNone(ended)) return undefined;
    mustSucceed(ended);
    return ended.stdout.trim() || undefined;
  }

  async function store(which: Which, key: string): Promise<void> {
    mustSucceed(await run(tool.store(which, key)));
    // Not every tool's exit code tells the truth.
    if ((await read(which)) !== key) throw failed("what it keeps is not what it was given");
  }

  async function remove(which: Which): Promise<boolean> {
    if ((await read(which)) === undefined) return false;
    mustSucceed(await run(tool.remove(which)));
    return true;
  }

  return { read, store, remove };
}

import { ConfigError, UsageError } from "../../src/config/error.ts";
import { type Input, type Loaded, loadConfig } from "../../src/config/load.ts";

/** Loads settings with nothing of this machine's in them: no flags, an empty home, no files. */
export function load(input: Partial<Input>): Promise<Loaded> {
  const nowhere = { env: {}, cwd: "/nonexistent", flags: {} };
  const { env, ...rest } = { ...nowhere, ...input };
  return loadConfig({ ...rest, env: { HOME: "/nonexistent", ...env } });
}

/** The one line of each thing that is wrong; fails when nothing is. */
export async function problemsOf(input: Partial<Input>): Promise<readonly string[]> {
  const error = await load(input).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ConfigError || error instanceof UsageError) return error.problems;
  throw error ?? new Error("nothing is wrong");
}

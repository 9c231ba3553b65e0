import { printable } from "../config/shown.ts";
import { keyMissing } from "../errors.ts";
import { runChild } from "./child.ts";
import type { Source } from "./source.ts";

/** A program that prints the key, such as `op read`. */
export function fromCommand(
  argv: readonly string[],
  childEnv: NodeJS.ProcessEnv,
): Source | undefined {
  const [command] = argv;
  if (command === undefined) return undefined;
  const name = `command ${printable(command)}`;

  async function read(signal: AbortSignal): Promise<string> {
    const { code, stdout } = await runChild({ argv, env: childEnv, signal });
    if (code === 0) return stdout;
    const how = code === null ? "it was killed" : `exit code ${code}`;
    const next = "Run it by hand to see why.";
    throw keyMissing(`The API key could not be read from ${name} (${how}). ${next}`);
  }
  return { kind: "command", name, read, againMs: 60_000 };
}

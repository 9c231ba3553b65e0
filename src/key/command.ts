import { printable } from "../config/shown.ts";
import { keyMissing } from "../errors.ts";
import { limitMs, runChild } from "./child.ts";
import type { Source } from "./source.ts";

const reasons: Record<string, string> = {
  ENOENT: "there is no such program",
  ETIMEDOUT: `it took longer than ${limitMs / 1000} s`,
};

/** A program that prints the key, such as `op read`. */
export function fromCommand(
  argv: readonly string[],
  childEnv: NodeJS.ProcessEnv,
): Source | undefined {
  const [command] = argv;
  if (command === undefined) return undefined;
  const name = `command ${printable(command)}`;

  function failed(how: string): Error {
    const next = "Run it by hand to see why.";
    return keyMissing(`The API key could not be read from ${name}: ${how}. ${next}`);
  }

  async function read(signal: AbortSignal): Promise<string> {
    const { code, stdout } = await runChild({ argv, env: childEnv, signal }).catch(
      ({ code = "" }: NodeJS.ErrnoException) => {
        throw failed(reasons[code] ?? code);
      },
    );
    if (code === 0) return stdout;
    throw failed(code === null ? "it was killed" : `exit code ${code}`);
  }
  return { kind: "command", name, read, againMs: 60_000 };
}

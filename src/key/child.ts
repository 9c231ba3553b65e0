import { spawn } from "node:child_process";
import { once } from "node:events";
import { isatty } from "node:tty";
import type { Config } from "../config/settings.ts";

type Env = NodeJS.ProcessEnv;

type Child = {
  argv: readonly string[];
  env: Env;
  signal: AbortSignal;
  /** What it reads on its standard input; without it, it has the user's terminal, if there is one. */
  input?: string;
};

export type Ended = { code: number | null; stdout: string; stderr: string };

/** Milliseconds that a child may take: it may have to ask a person. */
export const limitMs = 60_000;

/** Characters that a child may print. */
const maxPrinted = 65_536;

/**
 * Runs a program, without a shell, for what it prints. With `input` its stderr is heard too; else that is
 * the user's terminal, where it may ask something, or nothing: a file that collects the log is no place
 * for what a program says about secrets.
 */
export async function runChild({ argv, env, signal, input }: Child): Promise<Ended> {
  const [command = "", ...args] = argv;
  const limit = AbortSignal.timeout(limitMs);
  const terminal = (fd: number) => (isatty(fd) ? "inherit" : "ignore");
  const child = spawn(command, args, {
    env,
    stdio: [
      input === undefined ? terminal(0) : "pipe",
      "pipe",
      input === undefined ? terminal(2) : "pipe",
    ],
    signal: AbortSignal.any([signal, limit]),
    killSignal: "SIGKILL",
    windowsHide: true,
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (part: string) => {
      printed[name] += part;
      if (printed[name].length > maxPrinted) kill();
    });
  // It may end without reading.
  child.stdin?.on("error", () => {}).end(input);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...printed };
  } catch (error) {
    // What the child itself has started may still hold the other ends.
    child.stdout?.destroy();
    child.stderr?.destroy();
    throw limit.aborted ? Object.assign(new Error("too slow"), { code: "ETIMEDOUT" }) : error;
  } finally {
    process.off("exit", kill);
  }
}

/** An environment without keys and client tokens, for programs that are to find keys. */
export function withoutSecrets(env: Env, { keys }: Config): Env {
  const secrets = ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "RELAY_TOKENS"];
  for (const rule of keys) if (rule.env !== undefined) secrets.push(rule.env.toUpperCase());
  const entries = Object.entries(env).filter(([name]) => !secrets.includes(name.toUpperCase()));
  return Object.fromEntries(entries);
}

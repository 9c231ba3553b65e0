import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { ExitError } from "../exit.ts";
import { forwardSignals } from "./signals.ts";
import { toInvocation } from "./windows.ts";

/** How a command ended. */
export type End = { code: number | null; signal: NodeJS.Signals | null };

/** Runs a command on the relay's own stdin, stdout, stderr and terminal, until it ends. */
export async function runChild(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<End> {
  const [file, argv, extras] = toInvocation(program, args, env);
  const options: SpawnOptions = { env, stdio: channels(args), ...extras };
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  let child: ChildProcess;
  try {
    child = spawn(file, argv, options);
  } catch (error) {
    throw notStarted(program, error);
  }
  const stopForwarding = forwardSignals(child);
  child.on("error", (error) => {
    // A signal that may not be sent (to sudo, say) is an error too.
    if (child.pid === undefined) reject(notStarted(program, error));
  });
  child.once("exit", (code, signal) => resolve({ code, signal }));
  return promise.finally(stopForwarding);
}

/** Ends this process as the command ended, so that a shell sees no difference. */
export function endLike({ code, signal }: End): never {
  if (signal === null) process.exit(code ?? 1);
  // The others would write a core dump, with the key in it, or mean something to Node.
  const isPlain = ["SIGHUP", "SIGINT", "SIGTERM", "SIGKILL"].includes(signal);
  if (isPlain)
    process.on("exit", () => {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  process.exit(128 + constants.signals[signal]);
}

/** The usual three, and what a shell made of `<(…)`: `/dev/fd/63`. */
function channels(args: readonly string[]): ("inherit" | "ignore" | number)[] {
  const list: ("inherit" | "ignore" | number)[] = ["inherit", "inherit", "inherit"];
  for (const [path, number] of args.join(" ").matchAll(/\/dev\/fd\/(\d{1,3})\b/g)) {
    const fd = Number(number);
    if (fd <= 2 || !existsSync(path)) continue;
    while (list.length < fd) list.push("ignore");
    list[fd] = fd;
  }
  return list;
}

/** 127 and 126, as shells have it. */
function notStarted(program: string, error: unknown): ExitError {
  const { code } = error as NodeJS.ErrnoException;
  const isPath = /[\\/]/.test(program);
  if (code === "ENOENT" && isPath && existsSync(program))
    return new ExitError(127, `relay run: ${program}: the program in its first line is missing`);
  if (code === "ENOENT")
    return new ExitError(127, `relay run: ${program}: ${isPath ? "no such file" : "not found"}`);
  const why: Record<string, string> = {
    EACCES: "permission denied",
    E2BIG: "arguments and environment are too long",
  };
  return new ExitError(
    126,
    `relay run: ${program}: ${why[code ?? ""] ?? `cannot be run (${code})`}`,
  );
}

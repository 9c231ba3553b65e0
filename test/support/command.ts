import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
/** What starts the relay: its source, or the executable that is tried instead. */
export const relayWords: [string, ...string[]] = process.env.RELAY_BIN
  ? [process.env.RELAY_BIN]
  : [process.execPath, cli];
/** Hundreds of processes compile the same sources. */
const compileCache = fileURLToPath(new URL("../../node_modules/.cache/tests", import.meta.url));

export type Ended = { code: number | null; signal: string | null; stdout: string; stderr: string };

export type Running = AsyncDisposable & {
  child: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until stdout or stderr matches; rejects when the program ends before. */
  until(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<Ended>;
};

type Options = { env?: NodeJS.ProcessEnv; cwd?: string };

/** Starts the command line in an empty folder and an environment with nothing of ours. */
export function startCommand(args: string[], options?: Options): Running {
  const env = { NODE_COMPILE_CACHE: compileCache, ...options?.env };
  const [program, ...first] = relayWords;
  return startProgram(program, [...first, ...args], { ...options, env });
}

/** The same for any other program. */
export function startProgram(
  file: string,
  args: string[],
  { env = {}, cwd }: Options = {},
): Running {
  const folder = mkdtempSync(join(tmpdir(), "relay-run-"));
  const child = spawn(file, args, {
    cwd: cwd ?? folder,
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: "1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  let check = () => {};
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (chunk: Buffer) => {
      out[stream] += chunk;
      check();
    });
  const ended = once(child, "close").then(([code, signal]) => {
    rmSync(folder, { recursive: true, force: true });
    return { code, signal, ...out };
  });
  return {
    child,
    get stdout() {
      return out.stdout;
    },
    get stderr() {
      return out.stderr;
    },
    until: (stream, pattern) =>
      new Promise((resolve, reject) => {
        check = () => {
          const match = pattern.exec(out[stream]);
          if (match) resolve(match);
        };
        check();
        ended.then(() => reject(new Error(`ended before ${pattern}: ${JSON.stringify(out)}`)));
      }),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs the command line to its end. */
export async function runCommand(
  args: string[],
  options?: Options & { input?: string },
): Promise<Ended> {
  const running = startCommand(args, options);
  running.child.stdin!.end(options?.input ?? "");
  return running.ended;
}

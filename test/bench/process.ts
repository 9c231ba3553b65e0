import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { delimiter, join } from "node:path";

const running = new Set<ChildProcess>();

// However the benchmark ends, nothing that it started outlives it.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

/** Where a program is; `undefined` when it is not installed. */
export function find(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [...folders, "/usr/sbin", "/usr/local/sbin"]
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const taskset = availableParallelism() > 1 ? find("taskset") : undefined;

/** Whether targets have core 0 to themselves, and everything else core 1. */
export const isPinned = taskset !== undefined;

/** Puts the benchmark itself, and what it starts without saying otherwise, on core 1. */
export function pinSelf(): void {
  if (taskset) execFileSync(taskset, ["-acp", "1", String(process.pid)]);
}

/** 0 is for the target that is measured, 1 for everything else. */
export type Core = 0 | 1 | "any";

/** Starts a program on a core. */
export function startOnCore(core: Core, command: string[], options: SpawnOptions): ChildProcess {
  const [file, ...args] = taskset ? [taskset, "-c", coresOf(core), ...command] : command;
  return guard(spawn(file!, args, options));
}

function coresOf(core: Core): string {
  return core === "any" ? `0-${cpus().length - 1}` : String(core);
}

/** Makes sure that a child ends with the benchmark. */
export function guard(child: ChildProcess): ChildProcess {
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Ends a child as a user would, so that it may keep its compile cache; not for longer than 5 s. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(kill);
}

/**
 * Microseconds of processor time that a process and its children have used so far; `undefined` where /proc
 * is not.
 */
export function cpuMicros(pid: number | undefined): number | undefined {
  const own = ownMicros(pid);
  const children = read(`${pid}/task/${pid}/children`)?.match(/\d+/g) ?? [];
  return own && children.reduce((sum, child) => sum + (ownMicros(child) ?? 0), own);
}

function ownMicros(pid: number | string | undefined): number | undefined {
  const stat = read(`${pid}/stat`);
  if (stat === undefined) return undefined;
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11);
  // In ticks, which Linux counts as hundredths of a second for everybody who asks.
  return (Number(user) + Number(system)) * 10_000;
}

/** Mebibytes of memory that a process has now (`VmRSS`) or had at most (`VmHWM`). */
export function memoryMiB(pid: number | undefined, which: "VmRSS" | "VmHWM"): number | undefined {
  const line = new RegExp(`${which}:\\s+(\\d+)`).exec(read(`${pid}/status`) ?? "");
  return line ? Number(line[1]) / 1024 : undefined;
}

/** Microseconds that core 0 has been idle, and busy for programs, so far. */
export function targetCore(): { idle: number; busy: number } | undefined {
  const line = taskset && /^cpu0 (.+)$/m.exec(read("stat") ?? "");
  if (!line) return undefined;
  const [user, nice, system, idle, wait] = line[1]!
    .split(" ")
    .map((ticks) => Number(ticks) * 10_000);
  return { idle: idle! + wait!, busy: user! + nice! + system! };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, "latin1");
  } catch {
    return undefined;
  }
}

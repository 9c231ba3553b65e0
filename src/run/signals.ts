import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";

/** What a terminal sends to everything in its foreground: the command has it already. */
const fromTerminal: NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

const forwarded: NodeJS.Signals[] = [
  ...fromTerminal,
  ...(["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const),
];

/** On Windows the console sends these to every process in it, and nobody can pass them on. */
const held: NodeJS.Signals[] = ["SIGINT", "SIGBREAK", "SIGHUP"];

/**
 * Signals are for the command; the relay outlives it. Stopping and continuing (Ctrl+Z, fg) need
 * nothing: the terminal does both to both. Returns what ends this.
 */
export function forwardSignals(child: ChildProcess): () => void {
  const listeners = new Map<NodeJS.Signals, () => void>();
  for (const signal of process.platform === "win32" ? held : forwarded) {
    listeners.set(signal, () => {
      const isThere = fromTerminal.includes(signal) && isInForeground();
      if (!isThere && process.platform !== "win32") child.kill(signal);
    });
  }
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

/** Whether the terminal's Ctrl+C reaches this process, and with it the command. */
function isInForeground(): boolean {
  if (process.platform !== "linux") return [0, 1, 2].some(isatty);
  // After the name, which may hold anything: state, parent, group, session, terminal, and the group
  // in the terminal's foreground (proc(5)).
  const stat = readFileSync("/proc/self/stat", "utf8");
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}

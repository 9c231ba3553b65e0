import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { relayWords, startProgram } from "./command.ts";
import { createFolder } from "./folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Programs for the PATH: `relay`, and `node` is this one. */
const programs = createFolder();
const start = relayWords.map((word) => `"${word}"`).join(" ");
programs.write("relay", `#!/bin/sh\nexec ${start} "$@"\n`, 0o755);
process.on("exit", () => programs[Symbol.dispose]());

const path = [programs.path, join(process.execPath, ".."), process.env.PATH].join(delimiter);
const NODE_COMPILE_CACHE = join(root, "node_modules/.cache/tests");

/** Whether this machine has a program. */
export function has(program: string): boolean {
  return path.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Starts a line of bash in which `relay` is a command. */
export function startShell(line: string, env: NodeJS.ProcessEnv = {}) {
  return startProgram("bash", ["-c", line], { env: { PATH: path, NODE_COMPILE_CACHE, ...env } });
}

/** Runs a line of bash to its end. */
export async function runShell(line: string, env?: NodeJS.ProcessEnv) {
  const running = startShell(line, env);
  running.child.stdin!.end();
  return running.ended;
}

/** Starts a line of bash on a terminal of its own. */
export function startTerminal(line: string, env: NodeJS.ProcessEnv = {}) {
  const args = ["-qec", line, "/dev/null"];
  const SHELL = "/bin/bash";
  return startProgram("script", args, { env: { PATH: path, NODE_COMPILE_CACHE, SHELL, ...env } });
}

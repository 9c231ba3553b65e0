import { execFile } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { printable } from "../config/shown.ts";
import { shellWord } from "../shell-word.ts";
import type { Step } from "./manager.ts";

export type Outcome = { done: true; printed: string } | { done: false; why: string };

/** Runs one step to its end. */
export async function take({ argv, mayFail }: Step, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const [program = "", ...args] = argv;
  try {
    const { stdout } = await promisify(execFile)(program, args, { env });
    return { done: true, printed: stdout };
  } catch (error) {
    if (mayFail) return { done: true, printed: "" };
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const [said] = (stderr ?? "").trim().split("\n");
    const missing = code === "ENOENT" ? "there is no such program" : `exit code ${code}`;
    return { done: false, why: printable(said || missing) };
  }
}

/** Takes steps until one fails; tells of each. Returns those that are left. */
export async function takeAll(
  steps: readonly Step[],
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<readonly Step[]> {
  for (const [i, step] of steps.entries()) {
    const until = performance.now() + (step.patienceMs ?? 0);
    let outcome = await take(step, env);
    while (!outcome.done && performance.now() < until) {
      await setTimeout(200);
      outcome = await take(step, env);
    }
    tell(outcome.done ? `Ran: ${lineOf(step)}` : `Failed: ${lineOf(step)}: ${outcome.why}`);
    if (!outcome.done) return steps.slice(i);
  }
  return [];
}

/** As one would type it. */
export function lineOf({ argv }: Step): string {
  return argv.map(shellWord).join(" ");
}

import { randomBytes } from "node:crypto";
import type { Budgets } from "../budget/budgets.ts";
import type { Config } from "../config/settings.ts";
import type { Observer } from "../exchange.ts";
import type { Journal } from "../journal/journal.ts";
import { startRelay } from "../relay.ts";
import type { Taped } from "../tape/tape.ts";
import { type End as ChildEnd, runChild } from "./child.ts";
import { toClientEnvironment } from "./environment.ts";
import { presetFor } from "./presets.ts";
import { provideTrust } from "./trust.ts";

/** How the command ended, and when, on the clock of `performance.now()`; tape and budgets, if there were any. */
export type End = ChildEnd & {
  at: number;
  tape: Taped | undefined;
  budgets: Budgets | undefined;
};

export type Job = {
  program: string;
  args: readonly string[];
  config: Config;
  env: NodeJS.ProcessEnv;
  /** The keys that must not be in the environment of the command. */
  secrets: readonly string[];
  observers: readonly Observer[];
  /** Where its calls are kept. */
  journal: Journal | undefined;
  /** Hears what the command is told beside its environment. */
  onPreset(args: readonly string[]): void;
};

/** Runs a command beside a relay that nobody else can use and that lives no longer. */
export async function runWithRelay(job: Job): Promise<End> {
  const { program, args, config, env, secrets, observers, journal } = job;
  // Under passthrough the command has to bring its own key.
  const token = config.auth === "passthrough" ? undefined : newToken();
  const tokens = token === undefined ? [] : [token];
  const relay = await startRelay({ ...config, tokens }, observers, env, { journal });
  const trust = relay.certificateUntil && provideTrust(config, env);
  try {
    const access = { baseUrl: `${relay.server.url}/v1`, token };
    const clientEnv = { ...toClientEnvironment(env, access, secrets), ...trust?.env };
    const preset = presetFor(program, access);
    if (preset.length > 0) job.onPreset(preset);
    const end = await runChild(program, [...preset, ...args], clientEnv);
    const { tape, budgets } = relay;
    return { ...end, at: performance.now(), tape, budgets };
  } finally {
    // Calls that are still open have nobody to answer to.
    relay.server.cut();
    await relay.stop();
    trust?.remove();
  }
}

/** Some clients want keys to begin like OpenAI's. */
function newToken(): string {
  return `sk-relay-${randomBytes(24).toString("base64url")}`;
}

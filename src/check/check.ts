import { createRemote } from "../client/remote.ts";
import type { Input } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { createAnswerer } from "../relay.ts";
import { createKeySource } from "../upstream/key.ts";
import { configStep } from "./config.ts";
import { httpSteps, relayStep } from "./http.ts";
import { keyStep } from "./key.ts";
import { networkSteps } from "./network.ts";
import { type Report, Run } from "./run.ts";
import { type Check, type Step, skipped } from "./step.ts";

export type CheckOptions = { model?: string; timeout: number; relay?: URL };

/** The steps on one way to OpenAI, and what has to be closed behind them. */
type Way = { upstream: string; steps: Step[]; close(): Promise<void> };

/** Walks from the settings to OpenAI's answer; `tell` hears of each step when it is done. */
export async function runCheck(
  input: Input,
  options: CheckOptions,
  tell: (check: Check) => void,
): Promise<Report> {
  const run = new Run(options.timeout, tell);
  const { step, config } = configStep(input);
  await run.take([step]);
  const way = await createWay(config(), input.env, options);
  try {
    await run.take(way.steps);
  } finally {
    await way.close();
  }
  return run.toReport(way.upstream);
}

async function createWay(
  config: Config | undefined,
  env: NodeJS.ProcessEnv,
  options: CheckOptions,
): Promise<Way> {
  if (config && options.relay) return throughRelay(config, options.relay, options);
  if (config) return direct(withTimeout(config, options.timeout), env, options);
  const names = options.relay ? ["relay"] : ["key", "dns", "tcp", "tls"];
  const unreached = [...names, "http", "auth", "model"].map((name) => {
    return { name, needs: ["config"], run: () => skipped("no settings") };
  });
  return { upstream: "unknown", steps: unreached, close: async () => {} };
}

async function direct(
  config: Config,
  env: NodeJS.ProcessEnv,
  { model }: CheckOptions,
): Promise<Way> {
  const { answer, close } = await createAnswerer(config, env);
  const { origin } = new URL(config.upstream);
  const keyless = config.auth === "passthrough" ? "clients bring their own key" : undefined;
  const needs = ["key", "tls"];
  const steps = [
    keyStep(config, createKeySource(config, env)),
    ...networkSteps(config),
    ...httpSteps({ answer, origin, model, keyless, needs }),
  ];
  return { upstream: config.mock ? "mock" : config.upstream, steps, close };
}

function throughRelay(config: Config, relay: URL, { model }: CheckOptions): Way {
  const answer = createRemote(relay, config);
  const { origin } = relay;
  const needs = ["relay"];
  const steps = [
    relayStep(answer, origin),
    ...httpSteps({ answer, origin, model, keyless: undefined, needs }),
  ];
  return { upstream: origin, steps, close: async () => {} };
}

/** A connection that a step has given up on must not keep the process alive. */
function withTimeout(config: Config, timeout: number): Config {
  const connect = Math.min(config.timeouts.connect, timeout);
  return { ...config, timeouts: { ...config.timeouts, connect } };
}

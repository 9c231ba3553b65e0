import { createRemote } from "../client/remote.ts";
import type { Input } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { createKeys } from "../key/keys.ts";
import { createAnswerer } from "../relay.ts";
import { configStep } from "./config.ts";
import { httpSteps, relayStep } from "./http.ts";
import { keyStep } from "./key.ts";
import { networkSteps } from "./network.ts";
import { type Report, Run } from "./run.ts";
import { type Check, skipped } from "./step.ts";

export type CheckOptions = { model?: string; timeout: number; relay?: URL };

/** Walks from the settings to OpenAI's answer; `tell` hears of each step when it is done. */
export async function runCheck(
  input: Input,
  { model, timeout, relay }: CheckOptions,
  tell: (check: Check) => void,
): Promise<Report> {
  const run = new Run(timeout, tell);
  const settings = configStep(input);
  await run.take([settings.step]);
  const config = settings.config();
  if (!config) {
    await giveUp(run, relay ? ["relay"] : ["key", "dns", "tcp", "tls"]);
    return run.toReport("unknown");
  }
  if (relay) {
    await throughRelay(run, config, { relay, model });
    return run.toReport(relay.origin);
  }
  await directly(run, withTimeout(config, timeout), { env: input.env, model });
  return run.toReport(config.mock ? "mock" : config.upstream);
}

/** The rest of the list, so that its reader sees what is still unknown. */
async function giveUp(run: Run, names: string[]): Promise<void> {
  const nothing = () => skipped("no settings");
  await run.take(
    [...names, "http", "auth", "model"].map((name) => ({ name, needs: ["config"], run: nothing })),
  );
}

type Asked<Extra> = Extra & { model: string | undefined };

async function throughRelay(
  run: Run,
  config: Config,
  { relay, model }: Asked<{ relay: URL }>,
): Promise<void> {
  const answer = createRemote(relay, config);
  const { origin } = relay;
  await run.take([
    relayStep(answer, origin),
    ...httpSteps({ answer, origin, model, needs: ["relay"] }),
  ]);
}

async function directly(
  run: Run,
  config: Config,
  { env, model }: Asked<{ env: NodeJS.ProcessEnv }>,
): Promise<void> {
  const keys = createKeys(config, env);
  const known = keyStep(config, keys);
  await run.take([known.step]);
  keys.close();
  const key = known.key();

  // The key is read once: standard input has it once, and a command may ask a person for it.
  const read = { ...config, keyFile: "", keyCommand: [], envFile: "", keys: [] };
  const { answer, close } = await createAnswerer(read, { ...env, OPENAI_API_KEY: key });
  const { origin } = new URL(config.upstream);
  const keyless = config.auth === "passthrough" ? "clients bring their own key" : undefined;
  try {
    await run.take([
      ...networkSteps(config),
      ...httpSteps({ answer, origin, model, key, keyless, needs: ["key", "tls"] }),
    ]);
  } finally {
    await close();
  }
}

/** A connection that a step has given up on must not keep the process alive. */
function withTimeout(config: Config, timeout: number): Config {
  const connect = Math.min(config.timeouts.connect, timeout);
  return { ...config, timeouts: { ...config.timeouts, connect } };
}

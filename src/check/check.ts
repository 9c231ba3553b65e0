import type { RelayUrl } from "../client/relay-url.ts";
import type { Input } from "../config/load.ts";
import { configStep } from "./config.ts";
import { checkDirectly } from "./direct.ts";
import { dockerStep } from "./docker.ts";
import type { Asked } from "./http.ts";
import { loopbackStep } from "./loopback.ts";
import { portStep, type WhoListens } from "./port.ts";
import type { Report } from "./report.ts";
import { Run } from "./run.ts";
import { namedSteps, type Watcher } from "./step.ts";
import { checkRelay } from "./through.ts";

export type CheckOptions = {
  model?: string;
  /** Milliseconds for each step; absent: 10 s, and a minute for those that are often slow. */
  timeout?: number;
  relay?: RelayUrl;
  deep?: boolean;
  strict?: boolean;
  whoListens: WhoListens;
};

/** For a key that a person may have to help with, and for a whole stream. */
const patientMs = 60_000;

const http = "http clock auth admin model stream limits websocket".split(" ");
const namesThroughRelay = ["relay", ...http];
const names = [
  ..."key,admin key,proxy,dns,tcp,tls".split(","),
  ...http,
  ..."port loopback docker".split(" "),
];

/** Walks from the settings to OpenAI's answer, and looks at this machine; `watcher` hears of each step. */
export async function runCheck(
  input: Input,
  options: CheckOptions,
  watcher: Watcher,
): Promise<Report> {
  const { timeout = 10_000, strict = false, relay, model, deep = false, whoListens } = options;
  const run = new Run({ timeoutMs: timeout, strict, watcher });
  const settings = configStep(input);
  await run.take([settings.step]);
  const loaded = settings.loaded();
  if (!loaded) {
    await run.take(namedSteps(relay ? namesThroughRelay : names, "no settings"));
    return run.toReport("unknown");
  }

  const { config } = loaded;
  const slowMs = options.timeout ?? patientMs;
  // A connection that a step has given up on must not keep the process alive.
  config.timeouts.connect = Math.min(config.timeouts.connect, timeout);
  const asked: Asked = { model, deep, slowMs, remark: watcher.remark };
  if (relay) return run.toReport(await checkRelay(run, config, relay, asked));
  await checkDirectly(run, loaded, input.env, asked);
  await run.take([portStep(config, whoListens), loopbackStep(), dockerStep(config)]);
  return run.toReport(config.mock ? "mock" : config.upstream);
}

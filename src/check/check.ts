import type { RelayUrl } from "../client/relay-url.ts";
import { createRemote } from "../client/remote.ts";
import type { Input, Loaded } from "../config/load.ts";
import type { Config } from "../config/settings.ts";
import { createKeys } from "../key/keys.ts";
import { createAnswerer, type Inside } from "../relay.ts";
import { configStep } from "./config.ts";
import { dockerStep } from "./docker.ts";
import { type HttpParts, httpSteps } from "./http.ts";
import { type FoundKeys, keySteps } from "./key.ts";
import { loopbackStep } from "./loopback.ts";
import { portStep, type WhoListens } from "./port.ts";
import { proxyStep } from "./proxy.ts";
import { relayStep } from "./relay.ts";
import { createRemoteUpgrade } from "./remote-upgrade.ts";
import type { Report } from "./report.ts";
import { Run } from "./run.ts";
import { type Seen, type Step, skipped, type Watcher } from "./step.ts";
import { type Other, toOther } from "./talk.ts";
import { tlsStep } from "./tls.ts";
import { waySteps } from "./way.ts";

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

/** Walks from the settings to OpenAI's answer, and looks at this machine; `watcher` hears of each step. */
export async function runCheck(
  input: Input,
  options: CheckOptions,
  watcher: Watcher,
): Promise<Report> {
  const { timeout = 10_000, strict = false, relay } = options;
  const run = new Run({ timeoutMs: timeout, strict, watcher });
  const settings = configStep(input);
  await run.take([settings.step]);
  const loaded = settings.loaded();
  if (!loaded) {
    await run.take(named(relay ? relayNames : directNames, ["config"]));
    return run.toReport("unknown");
  }
  if (relay) {
    const other = await throughRelay(run, loaded.config, relay, asked(options, watcher));
    return run.toReport(other.name);
  }
  const { config } = loaded;
  config.timeouts.connect = Math.min(config.timeouts.connect, timeout);
  await directly(run, loaded, input.env, options, watcher);
  await run.take([portStep(config, options.whoListens), loopbackStep(), dockerStep(config)]);
  return run.toReport(config.mock ? "mock" : config.upstream);
}

const httpNames = "http clock auth admin model stream limits websocket".split(" ");
const relayNames = ["relay", ...httpNames];
const directNames = [
  ..."key,admin key,proxy,dns,tcp,tls".split(","),
  ...[...httpNames, "port", "loopback", "docker"],
];

/** Steps that there is nothing to take for. */
function named(names: string[], needs: string[], why = "no settings"): Step[] {
  return names.map((name) => ({ name, needs, run: () => skipped(why) }));
}

type Asked = Pick<HttpParts, "model" | "deep" | "streamMs" | "remark">;

function asked(
  { model, deep = false, timeout }: CheckOptions,
  { remark }: Pick<Watcher, "remark">,
): Asked {
  return { model, deep, streamMs: timeout ?? patientMs, remark };
}

async function throughRelay(
  run: Run,
  config: Config,
  relay: RelayUrl,
  what: Asked,
): Promise<Other> {
  const upgrade = createRemoteUpgrade(relay, config);
  const other = toOther(relay, createRemote(relay, config), upgrade);
  const steps = httpSteps({
    ...what,
    ...{ other, seen: {}, needs: ["relay"] },
    ...{ keyless: undefined, noWebSocket: undefined },
    sent: () => ({ upstream: other.name, keySource: undefined, loaded: undefined }),
    // Whether that relay has one is its own business: without, it sends the ordinary key.
    hasAdminKey: () => false,
  });
  await run.take([relayStep(other), ...steps]);
  return other;
}

async function directly(
  run: Run,
  loaded: Loaded,
  env: NodeJS.ProcessEnv,
  options: CheckOptions,
  watcher: Watcher,
): Promise<void> {
  const { config } = loaded;
  const found: FoundKeys = {};
  const seen: Seen = {};
  const keys = createKeys(config, env);
  const timeoutMs = options.timeout ?? patientMs;
  await run.take([...keySteps({ config, env, keys, timeoutMs }, found), proxyStep(config, seen)]);
  keys.close();

  const inside = once(() => openInside(config, env, found));
  const { origin, host } = new URL(config.upstream);
  const other: Other = {
    answer: (exchange, reply) => void inside().then(({ answer }) => answer(exchange, reply)),
    upgrade: (exchange, reply) => void inside().then(({ upgrade }) => upgrade(exchange, reply)),
    secrets: () => [found.key?.value, found.admin],
    ...{ name: origin, host },
  };
  const network = config.mock
    ? named(["dns", "tcp", "tls"], ["config"], "the mock needs no network")
    : [...waySteps(config), tlsStep(config, seen)];
  const steps = httpSteps({
    ...asked(options, config.mock ? { remark: () => {} } : watcher),
    ...{ other, seen, needs: ["key", "tls"] },
    keyless: config.auth === "passthrough" ? "clients bring their own key" : undefined,
    noWebSocket: whyNoWebSocket(config),
    sent: () => ({ upstream: origin, keySource: found.key?.source, loaded }),
    hasAdminKey: () => found.admin !== undefined,
  });
  try {
    await run.take([...network, ...steps]);
  } finally {
    await (await inside.begun())?.close();
  }
}

function whyNoWebSocket({ mock, websocket }: Config): string | undefined {
  if (mock) return "the mock has none";
  return websocket ? undefined : "the setting websocket is off";
}

/** The keys are read once: standard input has them once, and a command may ask a person for them. */
function openInside(config: Config, env: NodeJS.ProcessEnv, found: FoundKeys): Promise<Inside> {
  const none = { keyFile: "", keyCommand: [], adminKeyFile: "", adminKeyCommand: [] };
  const read = { ...config, ...none, envFile: "", keys: [], keychain: false };
  const { key, admin } = found;
  return createAnswerer(read, {
    ...env,
    OPENAI_API_KEY: key?.value,
    OPENAI_ADMIN_KEY: admin,
  });
}

function once<T>(make: () => Promise<T>) {
  let made: Promise<T> | undefined;
  const get = () => {
    made ??= make();
    return made;
  };
  return Object.assign(get, { begun: () => made });
}

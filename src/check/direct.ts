import type { Loaded } from "../config/load.ts";
import { untaped } from "../config/offline.ts";
import type { Config } from "../config/settings.ts";
import { relayBug } from "../errors.ts";
import { createKeys } from "../key/keys.ts";
import { createAnswerer, type Inside } from "../relay.ts";
import { type Asked, httpSteps } from "./http.ts";
import { type FoundKeys, keySteps } from "./key.ts";
import { proxyStep } from "./proxy.ts";
import type { Run } from "./run.ts";
import { namedSteps, type Seen } from "./step.ts";
import type { Other } from "./talk.ts";
import { tlsStep } from "./tls.ts";
import { waySteps } from "./way.ts";

type Env = NodeJS.ProcessEnv;

/** OpenAI by the way that a relay with these settings would go. */
export async function checkDirectly(
  run: Run,
  loaded: Loaded,
  env: Env,
  asked: Asked,
): Promise<void> {
  const { config } = loaded;
  const { upstream, mock, auth } = config;
  const found: FoundKeys = {};
  const seen: Seen = {};
  const keys = createKeys(config, env);
  const timeoutMs = asked.slowMs;
  await run.take([...keySteps({ config, env, keys, timeoutMs }, found), proxyStep(config, seen)]);
  keys.close();

  const { other, close } = createOther(config, env, found);
  const network = mock
    ? namedSteps(["dns", "tcp", "tls"], "the mock needs no network")
    : [...waySteps(config), tlsStep(config, seen)];
  const steps = httpSteps({
    ...asked,
    ...{ other, seen, needs: ["key", "tls"] },
    ...(mock && { remark: () => {} }),
    keyless: auth === "passthrough" ? "clients bring their own key" : undefined,
    noWebSocket: whyNoWebSocket(config),
    sent: () => ({ upstream, keySource: found.key?.source, loaded }),
    hasAdminKey: () => found.admin !== undefined,
  });
  try {
    await run.take([...network, ...steps]);
  } finally {
    await close();
  }
}

function whyNoWebSocket({ websocket }: Config): string | undefined {
  return websocket ? undefined : "the setting websocket is off";
}

/** What a relay would answer with; put together when it is first asked, for the settings may not do. */
function createOther(config: Config, env: Env, found: FoundKeys) {
  let inside: Promise<Inside> | undefined;
  const open = () => {
    inside ??= openInside(config, env, found);
    return inside;
  };
  const other: Other = {
    answer(exchange, reply) {
      open()
        .then(({ answer }) => answer(exchange, reply))
        .catch((cause: unknown) => reply.fail(relayBug(cause)));
    },
    upgrade(exchange, reply) {
      open()
        .then(({ upgrade }) => upgrade(exchange, reply))
        .catch((cause: unknown) => reply.fail(relayBug(cause)));
    },
    secrets: () => [found.key?.value, found.admin],
    name: config.upstream,
    host: new URL(config.upstream).host,
  };
  return { other, close: async () => (await inside)?.close() };
}

/** The keys are read once: standard input has them once, and a command may ask a person for them. */
function openInside(config: Config, env: Env, { key, admin }: FoundKeys): Promise<Inside> {
  const none = { keyFile: "", keyCommand: [], adminKeyFile: "", adminKeyCommand: [] };
  // What it asks is neither to be recorded nor replayed.
  const read = { ...config, ...none, ...untaped, envFile: "", keys: [], keychain: false };
  return createAnswerer(read, { ...env, OPENAI_API_KEY: key?.value, OPENAI_ADMIN_KEY: admin });
}

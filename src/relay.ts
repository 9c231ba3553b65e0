import type { Config } from "./config/settings.ts";
import { type RelayError, unknownPath, websocketDisabled } from "./errors.ts";
import type { Answerer, Exchange, Observer, Upgrader } from "./exchange.ts";
import { createRewrite } from "./forward/rewrite.ts";
import { toBase, toOperationPath } from "./forward/url.ts";
import { createValidation } from "./forward/validate.ts";
import { createRouter, createUpgradeRouter, health } from "./server/router.ts";
import { type RelayServer, startServer } from "./server/server.ts";
import { checkTarget } from "./server/target.ts";
import { findCredentials } from "./tls/credentials.ts";

/**
 * The relay, put together: a request passes the server's door, then what some settings check, then it is
 * answered.
 *
 *     server > router > check (allowPaths, validate, rewrite) > forward or mock
 */
export async function startRelay(
  config: Config,
  observers: readonly Observer[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Relay> {
  const credentials = await findCredentials(config, env);
  const { answer, upgrade, close } = await createAnswerer(config, env);
  const routed = createRouter({ health }, answer);
  const upgrades = createUpgradeRouter(upgrade);
  const server = await startServer(config, routed, upgrades, observers, credentials).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  return {
    server,
    certificateUntil: credentials?.expires,
    async stop() {
      await server.drain();
      await close();
    },
  };
}

export type Relay = {
  readonly server: RelayServer;
  /** When the certificate expires that TLS is served with; `undefined`: plain HTTP only. */
  readonly certificateUntil: Date | undefined;
  /** Lets live answers finish, then closes everything. */
  stop(): Promise<void>;
};

/** What answers a request once it is inside: the same in the server and in `relay curl`. */
export type Inside = { answer: Answerer; upgrade: Upgrader; close(): Promise<void> };

/** Puts together what answers. */
export async function createAnswerer(
  config: Config,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Inside> {
  const inside = config.mock ? await createMocked() : await createForwarding(config, env);
  const check = createCheck(config);
  if (!check) return inside;

  const { answer, upgrade, close } = inside;
  return {
    answer(exchange, reply) {
      const refusal = check(exchange);
      if (refusal) reply.fail(refusal);
      else answer(exchange, reply);
    },
    upgrade(exchange, reply) {
      const refusal = check(exchange);
      if (refusal) reply.fail(refusal);
      else upgrade(exchange, reply);
    },
    close,
  };
}

/** What some settings change or refuse; `undefined` when none of them is used. */
function createCheck(config: Config): ((exchange: Exchange) => RelayError | undefined) | undefined {
  const { allowPaths } = config;
  const validate = config.validate ? createValidation(config) : undefined;
  const rewrite = config.rewrite.length > 0 ? createRewrite(config.rewrite) : undefined;
  if (!validate && !rewrite && allowPaths.length === 0) return undefined;

  const isVersioned = toBase(config.upstream).versioned;

  return function check(exchange) {
    if (rewrite) {
      rewrite(exchange);
      // A rule may put together what the door would have refused.
      const refusal = checkTarget(exchange.target, config.limits.target);
      if (refusal) return refusal;
    }
    const path = exchange.target.split("?", 1)[0]!;
    const operation = isVersioned ? toOperationPath(exchange.target) : path;
    if (allowPaths.length > 0 && !allowPaths.some((prefix) => operation.startsWith(prefix)))
      return unknownPath(path);
    return validate?.(exchange);
  };
}

// Each way of answering is loaded only when it is the one: start-up is faster without the other.

async function createMocked(): Promise<Inside> {
  const { createMock } = await import("./mock/mock.ts");
  const upgrade: Upgrader = (_exchange, reply) => reply.fail(websocketDisabled());
  return { answer: createMock(), upgrade, close: async () => {} };
}

async function createForwarding(config: Config, env: NodeJS.ProcessEnv): Promise<Inside> {
  const { createUpstream } = await import("./forward/upstream.ts");
  return createUpstream(config, env);
}

import type { Config } from "./config/settings.ts";
import { unknownPath } from "./errors.ts";
import type { Answerer, Observer } from "./exchange.ts";
import { createRewrite } from "./forward/rewrite.ts";
import { createValidation } from "./forward/validate.ts";
import { createRouter, health } from "./server/router.ts";
import { type RelayServer, startServer } from "./server/server.ts";

/**
 * The relay, put together: a request passes the server's door, then `check`, then `answer`.
 *
 *     server > router > check (allowPaths, validate, rewrite) > forward or mock
 */
export async function startRelay(
  config: Config,
  observers: readonly Observer[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Relay> {
  const { answer, close } = await createAnswerer(config, env);
  const routes = { health };
  const server = await startServer(config, createRouter(routes, answer), observers).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  return {
    server,
    async stop() {
      await server.drain();
      await close();
    },
  };
}

export type Relay = {
  readonly server: RelayServer;
  /** Lets live answers finish, then closes everything. */
  stop(): Promise<void>;
};

/** What answers a request once it is inside: the same in the server and in `relay curl`. */
export async function createAnswerer(
  config: Config,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ answer: Answerer; close(): Promise<void> }> {
  const { answer, close } = config.mock
    ? await createMocked()
    : await createForwarding(config, env);
  const validate = config.validate ? createValidation(config) : undefined;
  const rewrite = config.rewrite.length > 0 ? createRewrite(config.rewrite) : undefined;
  const { allowPaths } = config;

  function check(...[exchange, reply]: Parameters<Answerer>): void {
    rewrite?.(exchange);
    const path = exchange.target.split("?", 1)[0]!;
    if (allowPaths.length > 0 && !allowPaths.some((prefix) => path.startsWith(prefix))) {
      reply.fail(unknownPath(path));
      return;
    }
    const refusal = validate?.(exchange);
    if (refusal) reply.fail(refusal);
    else answer(exchange, reply);
  }

  return { answer: rewrite || validate || allowPaths.length > 0 ? check : answer, close };
}

// Each way of answering is loaded only when it is the one: start-up is faster without the other.

async function createMocked() {
  const { createMock } = await import("./mock/mock.ts");
  return { answer: createMock(), close: async () => {} };
}

async function createForwarding(config: Config, env: NodeJS.ProcessEnv) {
  const { createUpstream } = await import("./forward/upstream.ts");
  return createUpstream(config, env);
}

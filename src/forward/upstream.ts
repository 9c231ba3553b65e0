import type { Config } from "../config/settings.ts";
import type { Answerer } from "../exchange.ts";
import { createConnector } from "../upstream/connect.ts";
import { createKeySource } from "../upstream/key.ts";
import { createPool } from "../upstream/pool.ts";
import { createForward } from "./forward.ts";
import { createRedirects } from "./redirect.ts";
import { toBase } from "./url.ts";

/** Forwarding with all that it needs, and the way to close it. */
export function createUpstream(
  config: Config,
  env: NodeJS.ProcessEnv,
): { answer: Answerer; close(): Promise<void> } {
  const pool = createPool(toBase(config.upstream).origin, config, createConnector(config));
  const keys = createKeySource(config, env);
  const redirects = createRedirects(config);
  return {
    answer: createForward({ config, pool, keys, redirects }),
    async close() {
      await Promise.all([pool.close(), redirects?.close()]);
    },
  };
}

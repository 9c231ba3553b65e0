import type { Config } from "../config/settings.ts";
import type { Answerer, Upgrader } from "../exchange.ts";
import { createKeys, type Keys } from "../key/keys.ts";
import { createConnector } from "../upstream/connect.ts";
import { createPool, type Pool } from "../upstream/pool.ts";
import { createAuthorize } from "./authorize.ts";
import { createForward } from "./forward.ts";
import { createRedirects } from "./redirect.ts";
import { createUpgrade } from "./upgrade.ts";
import { toBase } from "./url.ts";

export type Upstream = {
  answer: Answerer;
  upgrade: Upgrader;
  keys: Keys;
  /** Those that requests go over; a WebSocket has its own. */
  connections(): Pool["connections"];
  close(): Promise<void>;
};

/** Forwarding with all that it needs, and the way to close it. */
export function createUpstream(
  config: Config,
  env: NodeJS.ProcessEnv,
  keysOf = createKeys,
): Upstream {
  const { origin } = toBase(config.upstream);
  const pool = createPool(origin, config, createConnector(config));
  // In a tunnel one side may end while the other still speaks.
  const halfOpen = createConnector(config, { allowHalfOpen: true });
  const tunnels = createPool(origin, config, halfOpen);
  const keys = keysOf(config, env);
  const authorize = createAuthorize(config, keys);
  const redirects = createRedirects(config);
  return {
    answer: createForward({ config, pool, authorize, redirects }),
    upgrade: createUpgrade({ config, pool: tunnels, authorize }),
    keys,
    connections: () => pool.connections,
    async close() {
      keys.close();
      await Promise.all([pool.close(), tunnels.close(), redirects?.close()]);
    },
  };
}

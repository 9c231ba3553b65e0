import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { createConnector } from "../upstream/connect.ts";
import { createPool, type Pool } from "../upstream/pool.ts";
import type { Step } from "./step.ts";

export type Redirects = {
  /** Where to go on, when the answer redirects a GET or HEAD without a body to a host of `followRedirects`. */
  next(step: Step, status: number, headers: HeaderList): Step | undefined;
  close(): Promise<void>;
};

const most = 5;

/** `undefined` when no host is named: redirects are passed on as they are. */
export function createRedirects(config: Config): Redirects | undefined {
  if (config.followRedirects.length === 0) return undefined;
  const hosts = new Set(config.followRedirects.map((host) => host.toLowerCase()));
  const pools = new Map<string, Pool>();

  function poolOf(url: URL): Pool {
    let pool = pools.get(url.origin);
    if (!pool) {
      pool = createPool(url.origin, config, createConnector({ ...config, upstream: url.origin }));
      pools.set(url.origin, pool);
    }
    return pool;
  }

  return {
    next({ pool, request, hops }, status, headers) {
      const location = headerOf(headers, "location");
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
      if (hops >= most || request.body !== null || !/^(GET|HEAD)$/.test(request.method))
        return undefined;
      if (!URL.canParse(location, pool.origin)) return undefined;
      const url = new URL(location, pool.origin + request.path);
      const isSafe = url.protocol === "https:" || isLoopback(url.hostname);
      if (!isSafe || !(hosts.has(url.hostname) || hosts.has(url.host))) return undefined;
      return {
        pool: poolOf(url),
        request: {
          ...request,
          path: url.pathname + url.search,
          headers: withoutIdentity(request.headers, config.authHeader),
        },
        hops: hops + 1,
      };
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

/** Neither the key nor who is asking concerns another host. */
function withoutIdentity(headers: HeaderList, authHeader: string): HeaderList {
  const keyHeader = authHeader.toLowerCase();
  return headers.filter((_, i) => {
    const name = headers[i - (i % 2)]!.toLowerCase();
    return name !== keyHeader && !/^(?:authorization|api-key|openai-.*)$/.test(name);
  });
}

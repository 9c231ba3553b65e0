import { getProxyForUrl } from "proxy-from-env";
import { ConfigError } from "../config/error.ts";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";

/** The proxy in force for the upstream; `undefined`: none. Loopback is never behind one. */
export function proxyFor(config: Config): URL | undefined {
  const upstream = new URL(config.upstream);
  if (config.proxy === "off" || isLoopback(upstream.hostname)) return undefined;
  const proxy = config.proxy === "env" ? fromEnvironment(upstream) : config.proxy;
  if (proxy === "") return undefined;
  if (!/^https?:/i.test(proxy) || !URL.canParse(proxy)) throw new ConfigError(unusable);
  return new URL(proxy);
}

const unusable =
  'HTTPS_PROXY or ALL_PROXY in the environment must be a URL such as "http://proxy:3128". ' +
  "The setting proxy takes another one, or off.";

/** proxy-from-env gives a proxy without a scheme the upstream's; everybody else takes it for http. */
function fromEnvironment(upstream: URL): string {
  const proxy = getProxyForUrl(upstream);
  const bare = proxy.slice(upstream.protocol.length + 2);
  const names = [`${upstream.protocol.slice(0, -1)}_proxy`, "all_proxy"];
  const isBare = names.some(
    (name) => bare === (process.env[name] || process.env[name.toUpperCase()]),
  );
  return proxy !== "" && isBare ? `http://${bare}` : proxy;
}

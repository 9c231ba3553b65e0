import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP } from "node:net";
import type { Config } from "../config/settings.ts";
import { proxyFor } from "../upstream/proxy.ts";
import { blameProxy, explainDns, explainTcp } from "./explain.ts";
import { count, type Finding, type Step, skipped } from "./step.ts";

/** The way to the upstream, or to the proxy in front of it: name and port. */
export function waySteps(config: Config): Step[] {
  const first = () => firstHop(config);

  async function dns(): Promise<Finding> {
    const { host, shown, isProxy } = first();
    if (isIP(host)) return skipped(`${shown} is an address`);
    const found = await lookup(host, { all: true }).catch((cause: unknown) => {
      const failure = explainDns(cause, shown);
      throw isProxy ? blameProxy(failure) : failure;
    });
    const of = (family: number) => found.filter((one) => one.family === family);
    const families = [`${of(4).length} IPv4`, `${of(6).length} IPv6`].join(", ");
    const addresses = found.map(({ address }) => address);
    return {
      detail: `${shown} → ${count(found.length, "address", "addresses")} (${families})`,
      notes: [addresses.slice(0, 6).join(", ")],
    };
  }

  async function tcp(signal: AbortSignal): Promise<Finding> {
    const { host, port, shown, isProxy } = first();
    const socket = connect({ host, port });
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    await once(socket, "connect").catch((cause: unknown) => {
      const failure = explainTcp(cause, `${shown}:${port}`);
      throw isProxy ? blameProxy(failure) : failure;
    });
    const { remoteAddress } = socket;
    socket.destroy();
    return { detail: `${isProxy ? "proxy " : ""}${remoteAddress} port ${port}` };
  }

  return [
    { name: "dns", needs: ["proxy"], run: dns },
    { name: "tcp", needs: ["dns"], run: tcp },
  ];
}

/** Whom the relay connects to first. */
function firstHop(config: Config) {
  const proxy = proxyFor(config);
  const { hostname, port, protocol } = proxy ?? new URL(config.upstream);
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    host,
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    shown: proxy ? `proxy ${host}` : host,
    isProxy: proxy !== undefined,
  };
}

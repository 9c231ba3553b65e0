import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, isIP } from "node:net";
import { TLSSocket } from "node:tls";
import type { Config } from "../config/settings.ts";
import { RelayError } from "../errors.ts";
import { createConnector } from "../upstream/connect.ts";
import { proxyFor } from "../upstream/proxy.ts";
import { explainDns, explainTcp, explainTls } from "./explain.ts";
import { CheckFailure, type Finding, type Step, skipped } from "./step.ts";

/** The way to the upstream, or to the proxy in front of it: name, port, certificate. */
export function networkSteps(config: Config): Step[] {
  const upstream = new URL(config.upstream);
  const proxy = proxyFor(config);
  const first = proxy ?? upstream;
  const host = first.hostname.replace(/^\[|\]$/g, "");
  const port = Number(first.port) || (first.protocol === "https:" ? 443 : 80);
  const shownHost = proxy ? `proxy ${host}` : host;

  async function dns(): Promise<Finding> {
    if (isIP(host)) return skipped(`${shownHost} is an address`);
    const found = await lookup(host, { all: true }).catch((cause: unknown) => {
      throw explainDns(cause, shownHost);
    });
    const [one] = found;
    return {
      detail: `${shownHost} → ${found.length > 1 ? `${found.length} addresses` : one?.address}`,
    };
  }

  async function tcp(signal: AbortSignal): Promise<Finding> {
    const socket = connect({ host, port });
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    await once(socket, "connect").catch((cause: unknown) => {
      throw explainTcp(cause, `${shownHost}:${port}`);
    });
    const { remoteAddress } = socket;
    socket.destroy();
    return { detail: `${proxy ? "proxy " : ""}${remoteAddress} port ${port}` };
  }

  async function tls(): Promise<Finding> {
    if (upstream.protocol === "http:") return skipped("http:// has no TLS");
    const socket = await connectSecurely(config, upstream);
    const detail = describe(socket);
    socket.destroy();
    return { detail: proxy ? `${detail}, through the proxy` : detail };
  }

  if (config.mock) {
    const skip = () => skipped("the mock needs no network");
    return ["dns", "tcp", "tls"].map((name) => ({ name, needs: ["config"], run: skip }));
  }
  return [
    { name: "dns", needs: ["config"], run: dns },
    { name: "tcp", needs: ["dns"], run: tcp },
    { name: "tls", needs: ["tcp"], run: tls },
  ];
}

/** Connects as the relay does: the same certificate authorities, the same proxy. */
async function connectSecurely(config: Config, { host, hostname, port }: URL): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const connectTo = createConnector(config);
  connectTo({ host, hostname, port, protocol: "https:" }, (cause, socket) => {
    if (socket instanceof TLSSocket) resolve(socket);
    else reject(cause instanceof RelayError ? throughProxy(cause) : explainTls(cause, hostname));
  });
  return promise;
}

function throughProxy({ message }: RelayError): CheckFailure {
  const hint = "Check HTTPS_PROXY, with user and password; NO_PROXY or --proxy off do without it.";
  return new CheckFailure(7, message, hint);
}

function describe(socket: TLSSocket): string {
  const { issuer, valid_to } = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(valid_to) - Date.now()) / 86_400_000);
  const protocol = socket.getProtocol()?.replace("v", " ") ?? "TLS";
  const by = [issuer.O ?? issuer.CN].flat().join(", ") || "an authority without a name";
  return `${protocol}, certificate by ${by}, expires in ${days} days`;
}

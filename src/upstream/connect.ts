import { readFileSync } from "node:fs";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { getProxyForUrl } from "proxy-from-env";
import { buildConnector } from "undici";
import { isLoopback } from "../config/loopback.ts";
import type { Config } from "../config/settings.ts";
import { hearOut } from "./hear-out.ts";
import { createTunnel } from "./tunnel.ts";

/** Opens one connection to the upstream, TLS included where it is https. */
export type Connector = buildConnector.connector;

type SocketOptions = { allowHalfOpen?: boolean };

/** The connector that the settings ask for: timeout, certificate authorities, proxy. */
export function createConnector(config: Config, socket: SocketOptions = {}): Connector {
  const direct = createDirect(config, socket);
  const proxy = proxyFor(config);
  return proxy ? createTunnel(proxy, direct, direct) : direct;
}

/** The proxy in force for the upstream; `undefined`: none. Loopback is never behind one. */
export function proxyFor(config: Config): URL | undefined {
  const upstream = new URL(config.upstream);
  if (config.proxy === "off" || isLoopback(upstream.hostname)) return undefined;
  const proxy = config.proxy === "env" ? getProxyForUrl(upstream) : config.proxy;
  return proxy === "" ? undefined : new URL(proxy);
}

function createDirect(config: Config, socket: SocketOptions): Connector {
  const options = {
    ...socket,
    allowH2: false,
    timeout: config.timeouts.connect,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing.
    rejectUnauthorized: true,
  };
  const plain = buildConnector(options);
  let secure: Connector | undefined;
  return (target, callback) => {
    const connected: buildConnector.Callback = (...[error, socket]) => {
      if (error) return callback(error, null);
      hearOut(socket);
      callback(null, socket);
    };
    if (target.protocol !== "https:") return plain(target, connected);
    // Made at the first connection, not at start: reading the system's certificates takes its time.
    secure ??= buildConnector({ ...options, secureContext: createTrust(config) });
    return secure(target, connected);
  };
}

/** Whom to trust: Node's own list and NODE_EXTRA_CA_CERTS, the system, SSL_CERT_FILE, `ca`. */
function createTrust(config: Config): SecureContext {
  const trusted = [...getCACertificates("default")];
  if (config.systemCa) trusted.push(...getCACertificates("system"));
  for (const file of [process.env.SSL_CERT_FILE, config.ca])
    if (file) trusted.push(readFileSync(file, "utf8"));
  return createSecureContext({ ca: trusted });
}

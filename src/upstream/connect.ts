import { readFileSync } from "node:fs";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { buildConnector } from "undici";
import type { Config } from "../config/settings.ts";
import { upstreamFailed } from "../errors.ts";
import type { Connector } from "./connector.ts";
import { hearOut } from "./hear-out.ts";
import { proxyFor } from "./proxy.ts";
import { createTunnel } from "./tunnel.ts";

type SocketOptions = { allowHalfOpen?: boolean };

/** The connector that the settings ask for: timeout, certificate authorities, proxy. */
export function createConnector(config: Config, socket: SocketOptions = {}): Connector {
  const direct = createDirect(config, socket);
  const proxy = proxyFor(config);
  return proxy ? createTunnel(proxy, direct, config.timeouts.connect) : direct;
}

function createDirect(config: Config, socket: SocketOptions): Connector {
  const options = {
    ...socket,
    allowH2: false,
    timeout: config.timeouts.connect,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing.
    rejectUnauthorized: true,
  };
  const plain = open(options);
  let secure: Connector | undefined;
  return (target, callback) => {
    const connected: buildConnector.Callback = (...[error, socket]) => {
      if (error) return callback(error, null);
      hearOut(socket);
      callback(null, socket);
    };
    if (target.protocol !== "https:") return plain(target, connected);
    // Made at the first connection, not at start: reading the system's certificates takes its time.
    secure ??= open({ ...options, secureContext: trustOf(config) });
    return secure(target, connected);
  };
}

/** undici's connector, with what it returns but does not declare: the socket. */
function open(options: buildConnector.BuildOptions): Connector {
  return buildConnector(options) as buildConnector.connector & Connector;
}

const known = new WeakMap<Config, SecureContext>();

/** Whom to trust: Node's own list and NODE_EXTRA_CA_CERTS, the system, SSL_CERT_FILE, `ca`. */
function trustOf(config: Config): SecureContext {
  let trust = known.get(config);
  if (!trust) {
    // As a set: most certificates of the system are Node's as well, and each takes time.
    const ca = new Set(getCACertificates("default"));
    if (config.systemCa) for (const certificate of getCACertificates("system")) ca.add(certificate);
    const files = { SSL_CERT_FILE: process.env.SSL_CERT_FILE, ca: config.ca };
    for (const [name, file] of Object.entries(files)) if (file) ca.add(read(name, file));
    trust = createSecureContext({ ca: [...ca] });
    known.set(config, trust);
  }
  return trust;
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw upstreamFailed("upstream_tls", `The file of ${name} could not be read (${code}).`, cause);
  }
}

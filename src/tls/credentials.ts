import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { ConfigError } from "../config/error.ts";
import type { Config } from "../config/settings.ts";
import { madeFiles } from "./files.ts";

/** What the relay shows and proves to TLS clients, in PEM form. */
export type Credentials = {
  cert: string;
  key: string;
  /** Nobody: clients show no certificate, and the usual authorities take time to load. */
  ca: [];
  expires: Date;
};

/** Milliseconds before its end at which a certificate should be replaced. */
const dueMs = 14 * 24 * 3_600_000;

/** The user's own certificate, else the one that `relay tls` made; `undefined`: no TLS. */
export async function findCredentials(
  { tls, tlsCert, tlsKey }: Config,
  env: NodeJS.ProcessEnv,
): Promise<Credentials | undefined> {
  if (tls === "off") return undefined;
  if (tlsCert !== "") return read(tlsCert, tlsKey || tlsCert);
  const { server } = madeFiles(env);
  return existsSync(server) ? read(server, server) : undefined;
}

export function isDue(expires: Date, now = Date.now()): boolean {
  return expires.getTime() - now < dueMs;
}

async function read(certFile: string, keyFile: string): Promise<Credentials> {
  const cert = toText(certFile);
  const key = toText(keyFile);
  const leaf = attempt(`${certFile} holds no certificate in PEM form`, () => {
    return new X509Certificate(cert);
  });
  const secret = attempt(`${keyFile} holds no unencrypted private key in PEM form`, () => {
    return createPrivateKey(key);
  });
  if (!leaf.checkPrivateKey(secret))
    throw unusable(`the key in ${keyFile} does not belong to the first certificate in ${certFile}`);
  // What OpenSSL's security level refuses, such as short keys, shows only here.
  const { createSecureContext } = await import("node:tls");
  const credentials: Credentials = { cert, key, ca: [], expires: leaf.validToDate };
  attempt(`${certFile} is not accepted`, () => createSecureContext(credentials));
  return credentials;
}

function toText(file: string): string {
  return attempt(`${file} cannot be read`, () => readFileSync(file, "utf8"));
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unusable(`${what} (${(error as NodeJS.ErrnoException).code})`);
  }
}

function unusable(what: string): ConfigError {
  const next = 'Set tlsCert and tlsKey to others, run "relay tls --force", or set tls to off.';
  return new ConfigError(`TLS: ${what}. ${next}`);
}

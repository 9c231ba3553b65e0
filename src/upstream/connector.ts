import type { buildConnector } from "undici";

/** Where a connection leads to. */
export type Target = buildConnector.Options & { host: string };

/** Opens one connection to a target, TLS included where it is https. */
export type Connector = (target: Target, callback: buildConnector.Callback) => Attempt;

/** A connection that is still being opened: `destroy` gives it up. */
export type Attempt = { destroy(error: Error): void };

/** The target of a URL. */
export function targetOf({ host, hostname, port, protocol }: URL): Target {
  return { host, hostname: hostname.replace(/^\[|\]$/g, ""), port, protocol };
}

import type { Server } from "node:net";
import type { Config } from "../config/settings.ts";

/** What listens for a relay. */
export type Opened<S> = {
  servers: S[];
  /** The port in use; 0 on a Unix socket. */
  port: number;
};

/**
 * Opens the port on all addresses that `config.host` means, or the Unix socket. Rejects with node's listen
 * error, or a `SocketPathError`.
 */
export async function openPort<S extends Server>(
  { socket, host, port }: Config,
  create: () => S,
): Promise<Opened<S>> {
  if (socket === "") {
    const servers = await listenOn(host, port, create);
    return { servers, port: portOf(servers[0]!) };
  }
  const { listenOnSocket } = await import("./unix-socket.ts");
  const server = create();
  await listenOnSocket(socket, server);
  return { servers: [server], port: 0 };
}

/** How this machine reaches what listens there: `http://host:port`; on a Unix socket `http://localhost`. */
export function urlOf({ host }: Config, port: number): string {
  return port === 0 ? "http://localhost" : `http://${nameOf(host)}:${port}`;
}

/** How this machine reaches what listens on an address; on all of them: the first. */
function nameOf(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

/** Listens on every address that `host` means, on one port. Rejects with node's listen error. */
export async function listenOn<S extends Server>(
  host: string,
  port: number,
  create: () => S,
): Promise<S[]> {
  const addresses = addressesOf(host);
  const servers: S[] = [];
  let chosen = port;
  try {
    for (const address of addresses) {
      const server = create();
      try {
        await listen(server, address, chosen);
      } catch (error) {
        // A machine without IPv6 is served on IPv4 alone.
        if (servers.length > 0 && isUnavailable(error)) continue;
        throw error;
      }
      servers.push(server);
      chosen = portOf(server);
    }
  } catch (error) {
    for (const server of servers) server.close();
    // The free port of one family can be taken in the other: look for a better one.
    if (port === 0 && servers.length > 0 && codeOf(error) === "EADDRINUSE")
      return listenOn(host, 0, create);
    throw error;
  }
  return servers;
}

function portOf(server: Server): number {
  const at = server.address();
  return typeof at === "object" && at !== null ? at.port : 0;
}

/** 127.0.0.1 and ::1 together: `localhost` means the one or the other, depending on the client. */
function addressesOf(host: string): string[] {
  return host === "127.0.0.1" || host === "localhost" ? ["127.0.0.1", "::1"] : [host];
}

function isUnavailable(error: unknown): boolean {
  return codeOf(error) === "EADDRNOTAVAIL" || codeOf(error) === "EAFNOSUPPORT";
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Beside 127.0.0.1 the other family alone; "::" by itself means both.
    server.listen({ host, port, backlog: 4096, ipv6Only: host === "::1" }, () => {
      server.off("error", reject);
      // A connection that cannot be accepted (no more file descriptors) is no reason to end.
      server.on("error", () => {});
      resolve();
    });
  });
}

import type { Server } from "node:http";

/** Listens on every address that `host` means, on one port. Rejects with node's listen error. */
export async function listenOn(
  host: string,
  port: number,
  create: () => Server,
): Promise<Server[]> {
  const addresses = addressesOf(host);
  const servers: Server[] = [];
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

/** The port of a server that listens; 0 on a Unix socket. */
export function portOf(server: Server): number {
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

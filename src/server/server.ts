import type { Server } from "node:http";
import type { Config } from "../config/settings.ts";
import type { Observer } from "../exchange.ts";
import type { Credentials } from "../tls/credentials.ts";
import { type Opened, openPort, urlOf } from "./listen.ts";
import { createListener, type Settings } from "./listener.ts";

export type RelayServer = {
  /** The port in use; 0 on a Unix socket. */
  readonly port: number;
  /** `http://host:port` as this machine reaches it; on a Unix socket `http://localhost`. */
  readonly url: string;
  /** Requests that are being answered. */
  readonly live: number;
  /** WebSockets that are open. */
  readonly tunnels: number;
  /** Answers new requests by other settings; resolves once the last of the former ones has ended. */
  use(settings: Settings): Promise<void>;
  /** Stops accepting and resolves when the last live answer has ended, or after `timeouts.drain`. */
  drain(): Promise<void>;
  /** Cuts every connection now. */
  cut(): void;
};

/** Where connections come from, and what the ids of their requests begin with. */
export type Entry = {
  open(config: Config, create: () => Server): Promise<Opened<Server>>;
  mark: string;
};

/** Milliseconds in which what was sent before the stop still becomes a request, and gets its answer. */
const arrivalMs = 500;

/** Opens the port. Rejects as `entry.open` does. */
export async function startServer(
  settings: Settings,
  observers: readonly Observer[],
  credentials?: Credentials,
  env: NodeJS.ProcessEnv = process.env,
  { open, mark }: Entry = { open: openPort, mark: Date.now().toString(36) },
): Promise<RelayServer> {
  const { config } = settings;
  const tlsPort = credentials && (await import("./tls-port.ts")).createTlsPort(credentials);
  const listener = createListener({ ...settings, observers, tlsPort, env, mark });
  const { live, cut } = listener;
  const { servers, port } = await open(config, listener.create).catch((error: unknown) => {
    listener.close();
    throw error;
  });
  let { drain } = config.timeouts;
  listener.port = port;

  return {
    port,
    url: urlOf(config, port),
    get live() {
      return live.count - live.tunnels.size;
    },
    get tunnels() {
      return live.tunnels.size;
    },
    use(next) {
      drain = next.config.timeouts.drain;
      return listener.use(next);
    },
    async drain() {
      live.isDraining = true;
      const closed = Promise.all(
        servers.map((server) => new Promise((done) => server.close(done))),
      );
      // node:http leaves connections open that become idle later, and never takes one for idle on
      // which nothing was asked yet.
      const arrived = performance.now() + arrivalMs;
      const sweep = () => {
        if (live.count === 0 && performance.now() > arrived) cut();
        for (const server of servers) server.closeIdleConnections();
      };
      const sweeping = setInterval(sweep, 100);
      const deadline = setTimeout(cut, drain);
      sweep();
      await closed;
      await live.idle();
      clearInterval(sweeping);
      clearTimeout(deadline);
      listener.close();
    },
    cut,
  };
}

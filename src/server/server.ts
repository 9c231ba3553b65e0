import type { AddressInfo } from "node:net";
import type { Config } from "../config/settings.ts";
import type { Answerer, Observer, Upgrader } from "../exchange.ts";
import type { Credentials } from "../tls/credentials.ts";
import { listenOn } from "./listen.ts";
import { createListener } from "./listener.ts";

export type RelayServer = {
  /** The port in use. */
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** Requests that are being answered. */
  readonly live: number;
  /** WebSockets that are open. */
  readonly tunnels: number;
  /** Stops accepting and resolves when the last live answer has ended, or after `timeouts.drain`. */
  drain(): Promise<void>;
  /** Cuts every connection now. */
  cut(): void;
};

/** Opens the port on all addresses that `config.host` means. Rejects with node's listen error. */
export async function startServer(
  config: Config,
  answer: Answerer,
  upgrade: Upgrader,
  observers: readonly Observer[],
  credentials?: Credentials,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RelayServer> {
  const tlsPort = credentials && (await import("./tls-port.ts")).createTlsPort(credentials);
  const listener = createListener(config, answer, upgrade, observers, tlsPort, env);
  const servers = await listenOn(config.host, config.port, listener.create);
  const { port } = servers[0]!.address() as AddressInfo;
  listener.port = port;
  const name = config.host.includes(":") ? `[${config.host}]` : config.host;

  const cut = () => {
    for (const server of servers) server.closeAllConnections();
    tlsPort?.cut();
    // node:http forgets connections that have switched protocols.
    for (const tunnel of listener.tunnels) tunnel.destroy();
  };

  return {
    port,
    url: `http://${name}:${port}`,
    get live() {
      return listener.live - listener.tunnels.size;
    },
    get tunnels() {
      return listener.tunnels.size;
    },
    async drain() {
      listener.draining = true;
      const closed = Promise.all(
        servers.map((server) => new Promise((done) => server.close(done))),
      );
      // node:http leaves connections open that become idle later, and never takes one for idle on
      // which nothing was asked yet.
      const sweep = () => {
        if (listener.live === 0) cut();
        for (const server of servers) server.closeIdleConnections();
      };
      const sweeping = setInterval(sweep, 100);
      const deadline = setTimeout(cut, config.timeouts.drain);
      sweep();
      await closed;
      await listener.idle();
      clearInterval(sweeping);
      clearTimeout(deadline);
    },
    cut,
  };
}

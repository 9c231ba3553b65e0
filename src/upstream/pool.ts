import type { Socket } from "node:net";
import { type buildConnector, Client, type Dispatcher } from "undici";
import type { Config } from "../config/settings.ts";
import type { Attempt, Connector } from "./connect.ts";

/** Keep-alive connections to one origin, each used by one request at a time. */
export type Pool = {
  readonly origin: string;
  /** A connection for one request: the one that was used last, or a new one. */
  take(fresh: boolean): Client;
  /** Gives a connection back after a whole answer. */
  give(client: Client): void;
  /** Closes a connection whose exchange did not end well. */
  discard(client: Client): void;
  /** What broke the connection, when something did. */
  faultOf(client: Client): Error | null | undefined;
  close(): Promise<void>;
};

/**
 * undici's own pools look through all their connections at each request, which takes long when
 * thousands of streams are open. Here the free ones are a stack: the warmest first, the others idle
 * until undici's keep-alive timer closes them.
 */
export function createPool(origin: string, config: Config, connect: Connector): Pool {
  const free: Client[] = [];
  const all = new Set<Client>();
  const connecting = new WeakMap<Client, Attempt>();
  const sockets = new WeakMap<Client, Socket>();
  const options: Client.Options = {
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: config.limits.headers,
    headersTimeout: config.timeouts.head,
    bodyTimeout: config.timeouts.idle,
    // Shorter than the idle limit of servers that do not announce one, so that we close first.
    keepAliveTimeout: 15_000,
  };

  function create(): Client {
    const client: Client = new Client(origin, {
      ...options,
      connect(target: buildConnector.Options, callback: buildConnector.Callback) {
        const attempt = connect(target, (...result) => {
          connecting.delete(client);
          if (result[1]) sockets.set(client, result[1]);
          callback(...result);
        });
        connecting.set(client, attempt);
      },
    });
    all.add(client);
    client.on("disconnect", () => {
      const at = free.indexOf(client);
      if (at < 0) return;
      free.splice(at, 1);
      discard(client);
    });
    return client;
  }

  function discard(client: Client): void {
    all.delete(client);
    void end(client);
  }

  async function end(client: Client): Promise<void> {
    const ended = client.destroy();
    // undici would let an attempt that nobody wants go on until its timeout.
    connecting.get(client)?.destroy(new Error("given up"));
    await ended.catch(() => {});
  }

  return {
    origin,
    take: (fresh) => (fresh ? undefined : free.pop()) ?? create(),
    give: (client) => void free.push(client),
    discard,
    faultOf: (client) => sockets.get(client)?.errored,
    async close() {
      const open = [...all];
      free.length = 0;
      all.clear();
      await Promise.all(open.map(end));
    },
  };
}

export type { Dispatcher };

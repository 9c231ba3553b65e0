import type { Config } from "../config/settings.ts";
import { Connection } from "./connection.ts";
import { type Connector, targetOf } from "./connector.ts";

/** Keep-alive connections to one origin, each used by one request at a time. */
export type Pool = {
  readonly origin: string;
  /** How many wait for a request, and how many carry one or are being opened for it. */
  readonly connections: { idle: number; busy: number };
  /** A connection for one request: the one that was used last, or a new one. */
  take(fresh: boolean): Connection;
  /** Gives a connection back after a whole answer. */
  give(connection: Connection): void;
  /** Closes a connection whose exchange did not end well. */
  discard(connection: Connection): void;
  /** Closes all of them. */
  close(): void;
};

/**
 * The free connections are a stack: the warmest first, the others idle until their time is over. One timer
 * looks after all of them: a timer a request would cost more than all the rest of the stack.
 */
export function createPool(origin: string, config: Config, connect: Connector): Pool {
  const free: Connection[] = [];
  const all = new Set<Connection>();
  let sweeping: NodeJS.Timeout | undefined;
  const options = {
    target: targetOf(new URL(origin)),
    connect,
    headerLimit: config.limits.headers,
    headMs: config.timeouts.head,
    idleMs: config.timeouts.idle,
  };

  function create(): Connection {
    const connection = new Connection(options);
    connection.onLost = () => {
      const at = free.indexOf(connection);
      if (at >= 0) free.splice(at, 1);
      all.delete(connection);
    };
    all.add(connection);
    return connection;
  }

  function discard(connection: Connection): void {
    all.delete(connection);
    connection.destroy();
  }

  function schedule(ms: number): void {
    sweeping ??= setTimeout(sweep, ms).unref();
  }

  function sweep(): void {
    sweeping = undefined;
    const now = performance.now();
    let kept = 0;
    for (const connection of free) {
      if (connection.freeUntil > now) free[kept++] = connection;
      else discard(connection);
    }
    free.length = kept;
    if (kept > 0) schedule(Math.min(...free.map(({ freeUntil }) => freeUntil)) - now);
  }

  return {
    origin,
    get connections() {
      return { idle: free.length, busy: all.size - free.length };
    },
    take(fresh) {
      if (fresh) return create();
      const now = performance.now();
      for (let last = free.pop(); last; last = free.pop()) {
        if (last.freeUntil > now) {
          last.keepAlive(true);
          return last;
        }
        discard(last);
      }
      return create();
    },
    give(connection) {
      const { idleMs } = connection;
      if (idleMs === 0) {
        discard(connection);
        return;
      }
      connection.freeUntil = performance.now() + idleMs;
      connection.keepAlive(false);
      free.push(connection);
      schedule(idleMs);
    },
    discard,
    close() {
      clearTimeout(sweeping);
      free.length = 0;
      for (const connection of all) connection.destroy();
      all.clear();
    },
  };
}

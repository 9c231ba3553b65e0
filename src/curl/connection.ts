import { type ChannelListener, subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

/** What `-w` tells of the last connection; times on the clock of `performance.now()`. */
export type Connection = {
  opened: number;
  lookedUpAt?: number;
  connectedAt?: number;
  /** TLS included; not known of a connection to a relay that runs elsewhere. */
  readyAt?: number;
  /** Copied, for a socket that is closed has none. */
  addresses?: Addresses;
};

type Addresses = {
  [End in "localAddress" | "localPort" | "remoteAddress" | "remotePort"]: Socket[End] | undefined;
};

/** Watches this process open connections, through what Node and the relay tell everybody. */
export function watchConnections(): { stop(): Connection } {
  const seen: Connection = { opened: 0 };
  const look = ({ localAddress, localPort, remoteAddress, remotePort }: Socket) => {
    seen.addresses = { localAddress, localPort, remoteAddress, remotePort };
  };
  const channels = {
    "openai-relay:upstream:connected": ({ socket }: { socket: Socket }) => {
      seen.readyAt = performance.now();
      look(socket);
    },
    "http.client.response.finish": ({ request }: { request: ClientRequest }) => {
      if (request.socket) look(request.socket);
    },
  };
  const take = (entries: PerformanceEntry[]) => {
    for (const { name, startTime, duration } of entries) {
      if (name === "lookup") seen.lookedUpAt = startTime + duration;
      if (name !== "connect") continue;
      seen.opened += 1;
      seen.connectedAt = startTime + duration;
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ["dns", "net"] });
  const listeners = Object.entries(channels) as [string, ChannelListener][];
  for (const [name, listener] of listeners) subscribe(name, listener);
  return {
    stop() {
      take(observer.takeRecords());
      observer.disconnect();
      for (const [name, listener] of listeners) unsubscribe(name, listener);
      return seen;
    },
  };
}

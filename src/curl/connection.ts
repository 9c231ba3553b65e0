import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

/** What `-w` tells of the last connection; times on the clock of `performance.now()`. */
export type Connection = {
  opened: number;
  lookedUpAt?: number;
  connectedAt?: number;
  /** TLS included. */
  readyAt?: number;
  socket?: Socket;
};

/** undici's word for a connection that can be used. */
const channel = "undici:client:connected";

/** Watches this process open connections, through what Node and undici tell everybody. */
export function watchConnections(): { stop(): Connection } {
  const seen: Connection = { opened: 0 };
  const ready = (message: unknown) => {
    seen.readyAt = performance.now();
    seen.socket = (message as { socket: Socket }).socket;
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
  subscribe(channel, ready);
  return {
    stop() {
      take(observer.takeRecords());
      observer.disconnect();
      unsubscribe(channel, ready);
      return seen;
    },
  };
}

import type { Socket } from "node:net";

/** What is going on, on all addresses together. */
export type Live = {
  /** Requests that are being answered. */
  count: number;
  /** One of them has ended. */
  leave(): void;
  /** Resolves once there is none. */
  idle(): Promise<void>;
  isDraining: boolean;
  /** Connections that have switched protocols, or are about to. */
  readonly tunnels: Set<Socket>;
  /** Cuts off what has no connection: requests that begin in the relay itself. */
  readonly inner: Set<() => void>;
};

export function createLive(): Live {
  let whenIdle = () => {};

  const live: Live = {
    count: 0,
    isDraining: false,
    tunnels: new Set(),
    inner: new Set(),
    leave() {
      live.count--;
      if (live.count === 0) whenIdle();
    },
    idle: () =>
      new Promise((resolve) => {
        if (live.count === 0) resolve();
        else whenIdle = resolve;
      }),
  };
  return live;
}

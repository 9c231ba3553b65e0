import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

export type Sockets = Disposable & {
  /** Open connections that a server of this port accepted. */
  acceptedOn(port: number): number;
  /** Connections that were ever accepted on it. */
  everOn(port: number): number;
  /** Listeners on each open connection to this port. */
  listenersTo(port: number): number[];
};

/** Watches the sockets of this process, the relay's among them. */
export function watchSockets(): Sockets {
  const accepted = new Set<Socket>();
  const connected = new Set<Socket>();
  const ever = new Map<number, number>();

  const keep = (set: Set<Socket>, socket: Socket) => {
    set.add(socket);
    socket.once("close", () => set.delete(socket));
  };
  const onServer = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    const port = socket.localPort!;
    ever.set(port, (ever.get(port) ?? 0) + 1);
    keep(accepted, socket);
  };
  const onClient = (message: unknown) => keep(connected, (message as { socket: Socket }).socket);
  subscribe("net.server.socket", onServer);
  subscribe("net.client.socket", onClient);
  return {
    acceptedOn: (port) => [...accepted].filter(({ localPort }) => localPort === port).length,
    everOn: (port) => ever.get(port) ?? 0,
    listenersTo: (port) =>
      [...connected].filter(({ remotePort }) => remotePort === port).map(countListeners),
    [Symbol.dispose]() {
      unsubscribe("net.server.socket", onServer);
      unsubscribe("net.client.socket", onClient);
    },
  };
}

function countListeners(socket: Socket): number {
  return socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0);
}

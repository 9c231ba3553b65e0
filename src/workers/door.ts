import { createServer, type Socket } from "node:net";
import type { Config } from "../config/settings.ts";
import { openPort } from "../server/listen.ts";
import type { Hand } from "./hand.ts";

export type Door = {
  readonly port: number;
  /** Hands the next connections to these in turn; while there is none, they wait. */
  use(hands: readonly Hand[]): void;
  /** Hands connections on that did not reach the one that they were for. */
  giveAgain(sockets: Iterable<Socket>): void;
  close(): void;
};

/**
 * Accepts all connections, and reads nothing from them. The primary alone listens: the port stays open
 * whatever becomes of workers, each gets the same number of connections, and a second relay on the port
 * is noticed. (With a socket of the kernel's for each worker, `reusePort`, it would not be.)
 */
export async function openDoor(config: Config): Promise<Door> {
  const waiting: Socket[] = [];
  let hands: readonly Hand[] = [];
  let turn = 0;
  let isClosed = false;

  const { servers, port } = await openPort(config, () =>
    createServer(
      { pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      give,
    ),
  );

  function give(socket: Socket): void {
    const hand = hands[turn++ % hands.length];
    if (hand) hand.give(socket);
    else if (isClosed || waiting.length >= config.limits.connections) socket.destroy();
    else waiting.push(socket);
  }

  return {
    port,
    use(next) {
      hands = next;
      if (hands.length > 0) for (const socket of waiting.splice(0)) give(socket);
    },
    giveAgain(sockets) {
      for (const socket of sockets) give(socket);
    },
    close() {
      isClosed = true;
      for (const server of servers) server.close();
      for (const socket of waiting.splice(0)) socket.destroy();
    },
  };
}

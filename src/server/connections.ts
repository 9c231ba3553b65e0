import type { Server } from "node:http";
import type { Socket } from "node:net";
import { otherUser, type RelayError } from "../errors.ts";
import type { PeerCheck } from "./other-users.ts";

type Serve = (this: Server, socket: Socket) => void;

/** The open connections of all addresses together, TLS or not. */
export type Connections = {
  /** Puts itself between a server's port and its parser: what it turns away is never read. */
  guard(server: Server): void;
  /** Counts a connection until it closes. */
  add(socket: Socket): void;
  /** Cuts every connection now. */
  cut(): void;
};

/** Lets in `most` connections at a time, and those of other users only where nobody minds. */
export function createConnections(
  most: number,
  peersNow: () => PeerCheck | undefined,
  turnAway: (socket: Socket, error: RelayError) => void,
): Connections {
  const open = new Set<Socket>();

  function add(socket: Socket): void {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  }

  function admit(socket: Socket, serve: () => void): void {
    add(socket);
    const peers = peersNow();
    if (!peers) {
      serve();
      return;
    }
    // Nobody else listens yet.
    socket.on("error", ignore);
    peers.ask(socket, (peer) => {
      socket.off("error", ignore);
      if (socket.destroyed) return;
      if (peer === "gone") socket.destroy();
      else if (peer.isForeign) {
        socket.on("error", ignore).resume();
        turnAway(socket, otherUser(peer.uid!));
      } else {
        gatherEarly(socket);
        serve();
      }
    });
  }

  return {
    add,
    guard(server) {
      const [parse] = server.listeners("connection") as [Serve];
      server.removeAllListeners("connection");
      server.on("connection", (socket: Socket) => {
        // Let in already: this is the inside of TLS, or a request that is read once more.
        if ("encrypted" in socket || open.has(socket)) parse.call(server, socket);
        else if (open.size >= most) socket.destroy();
        else admit(socket, () => parse.call(server, socket));
      });
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
  };
}

function ignore(): void {}

/** Joins what came while nobody read: the beginning of TLS is known by its first read. */
function gatherEarly(socket: Socket): void {
  const early: Buffer | null = socket.read();
  if (early) socket.unshift(early);
}

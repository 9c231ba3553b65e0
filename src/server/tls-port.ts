import type { Server } from "node:http";
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { Credentials } from "../tls/credentials.ts";

/** What node:http complains of; it hands out all bytes of that read with it. */
export type ClientError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** Takes a connection over if it is a TLS handshake that `error` is about. */
export type TakeOver = (error: ClientError, socket: Socket) => boolean;

export type TlsPort = {
  /** Serves TLS on the connections of a plain server. */
  join(server: Server): TakeOver;
};

/** The first byte of a TLS handshake (RFC 8446 section 5.1); no HTTP method begins with it. */
const handshake = 0x16;

/**
 * TLS on the port of plain HTTP. It is node:http's own parser that looks at the first byte: it cannot
 * take a ClientHello for a request, and says so. Plain HTTP therefore pays nothing, and what limits
 * its connections (number, silence before the first byte) limits these.
 */
export function createTlsPort({ cert, key, ca }: Omit<Credentials, "expires">): TlsPort {
  function join(server: Server): TakeOver {
    const handshakeTimeout = server.headersTimeout;
    const tls = createServer({ cert, key, ca, ALPNProtocols: ["http/1.1"], handshakeTimeout });
    tls.on("secureConnection", (socket) => server.emit("connection", socket));
    tls.on("tlsClientError", (_error, socket) => socket.destroy());

    return function takeOver({ rawPacket }, socket) {
      const isFirst = rawPacket?.[0] === handshake && socket.bytesRead === rawPacket.length;
      if (!isFirst || "encrypted" in socket) return false;
      leaveHttp(socket);
      socket.unshift(rawPacket);
      tls.emit("connection", socket);
      return true;
    };
  }

  return { join };
}

/** Undoes what node:http did to a new connection, as it does itself for an upgrade. */
function leaveHttp(socket: Socket): void {
  // Its listener for the close gives the parser back, and with it the clock of headersTimeout.
  for (const release of socket.listeners("close")) release.call(socket, false);
  for (const event of ["close", "data", "end", "drain", "timeout", "pause", "resume"])
    socket.removeAllListeners(event);
  socket.pause();
}

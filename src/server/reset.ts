import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Closes a connection so that the other side cannot take it for an end in order, where that can be done. */
export function reset(connection: Duplex): void {
  // TLS and Unix sockets cannot. A connection that was ended already cannot either, and after a try Node
  // would never close it.
  if (isPlain(connection) && !connection.writableEnded) connection.resetAndDestroy();
  else connection.destroy();
}

function isPlain(connection: Duplex): connection is Socket {
  if (!("resetAndDestroy" in connection) || "encrypted" in connection) return false;
  return (connection as Socket).remoteAddress !== undefined;
}

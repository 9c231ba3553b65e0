import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { openConnection, readHead } from "./connection.ts";
import { askDownload } from "./wire.ts";

/** Asks for downloads on so many connections, reads each one's head, and then nothing for a while. */
export async function readNothing(port: number, count: number, bytes: number, ms: number) {
  const sockets: Socket[] = [];
  const heads = Array.from({ length: count }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = openConnection(port, {
      opened: () => socket.write(askDownload(bytes)),
      received(piece, length) {
        readHead(piece, length);
        socket.pause();
        resolve();
      },
      lost: reject,
    });
    sockets.push(socket);
    return promise;
  });
  await Promise.all(heads);
  await pause(ms);
  for (const socket of sockets) socket.destroy();
}

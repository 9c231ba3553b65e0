import type { Socket } from "node:net";
import { now } from "./clock.ts";
import { createReader, openConnection } from "./connection.ts";
import { askDownload, askUpload } from "./wire.ts";

const block = Buffer.alloc(262_144);

/** Sends so many bytes and waits for the answer; seconds. */
export function upload(port: number, bytes: number): Promise<number> {
  return exchange(port, (socket) => {
    let left = bytes;
    socket.write(askUpload(bytes));
    const fill = () => {
      while (left > 0) {
        const piece = left < block.length ? block.subarray(0, left) : block;
        left -= piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on("drain", fill);
    fill();
  });
}

/** Asks for so many bytes and reads them; seconds. */
export function download(port: number, bytes: number): Promise<number> {
  return exchange(port, (socket) => socket.write(askDownload(bytes)));
}

/** Sends one request and reads the whole answer, whose length must be known. */
function exchange(port: number, send: (socket: Socket) => void): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const isWhole = createReader();
  let startedAt = 0;

  const socket = openConnection(port, {
    opened() {
      startedAt = now();
      send(socket);
    },
    received(bytes, length) {
      if (!isWhole(bytes, length)) return;
      resolve((now() - startedAt) / 1e6);
      socket.destroy();
    },
    lost: reject,
  });
  return promise;
}

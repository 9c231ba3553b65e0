import { connect, type Socket } from "node:net";

/** All connections read into the same memory: what is read is looked at in the same call. */
const memory = Buffer.allocUnsafe(262_144);

/** What a client does with its connection. */
export type Client = {
  opened(): void;
  /** `bytes` are good up to `length`, and until the call returns. */
  received(bytes: Buffer, length: number): void;
  /** The connection broke, or the other side closed it. */
  lost(error: Error): void;
};

/** A connection with nothing between the benchmark and the socket. */
export function openConnection(port: number, client: Client): Socket {
  const socket = connect({
    port,
    host: "127.0.0.1",
    noDelay: true,
    onread: {
      buffer: memory,
      callback(length, bytes) {
        try {
          client.received(bytes as Buffer, length);
        } catch (error) {
          // Not what was asked for.
          socket.destroy();
          client.lost(error as Error);
        }
        return true;
      },
    },
  });
  socket.on("connect", () => client.opened());
  socket.on("error", (error) => client.lost(error));
  socket.on("end", () => client.lost(new Error(`Port ${port} closed the connection`)));
  return socket;
}

/** Reads whole answers one after another: of each piece it says whether the answer ends with it. */
export function createReader(): (bytes: Buffer, length: number) => boolean {
  let left = 0;
  return (bytes, length) => {
    if (left === 0) {
      const { headBytes, bodyBytes } = readHead(bytes, length);
      left = headBytes + bodyBytes;
    }
    left -= length;
    return left === 0;
  };
}

/** What stands at the beginning of `bytes`: the head of an answer, which must be a 200. */
export function readHead(bytes: Buffer, length: number): { headBytes: number; bodyBytes: number } {
  const text = bytes.toString("latin1", 0, Math.min(length, 16_384));
  const end = text.indexOf("\r\n\r\n");
  if (!text.startsWith("HTTP/1.1 200 ") || end < 0) throw new Error(`Not a 200: ${text}`);
  const line = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end));
  return { headBytes: end + 4, bodyBytes: line ? Number(line[1]) : 0 };
}

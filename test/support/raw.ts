import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection whose bytes are written and read as they are. */
export type RawConnection = Disposable & {
  socket: Socket;
  /** Everything received so far, as latin-1. */
  readonly text: string;
  /** Waits until what was received matches; rejects when the connection closes before. */
  until(pattern: RegExp | string): Promise<string>;
  /** Waits until the other side has closed; `error` says with what code, if it was not orderly. */
  closed(): Promise<{ text: string; error?: string }>;
};

/** Connects and writes `bytes` (latin-1). */
export async function rawConnection(port: number, bytes = ""): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const connection = follow(socket);
  await once(socket, "connect");
  if (bytes !== "") socket.write(bytes, "latin1");
  return connection;
}

/** Reads all that comes over a socket, from either end. */
export function follow(socket: Socket): RawConnection {
  let text = "";
  let error: string | undefined;
  let check = () => {};
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    check();
  });
  socket.on("error", (cause: NodeJS.ErrnoException) => {
    error = cause.code;
  });
  const close = once(socket, "close").catch(() => {});
  return {
    socket,
    get text() {
      return text;
    },
    async until(pattern) {
      const found = () =>
        typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
      if (found()) return text;
      await new Promise<void>((resolve, reject) => {
        check = () => found() && resolve();
        close.then(() => {
          if (!found()) reject(new Error(`closed before ${pattern} came: ${JSON.stringify(text)}`));
        });
      });
      return text;
    },
    async closed() {
      await close;
      return error === undefined ? { text } : { text, error };
    },
    [Symbol.dispose]() {
      socket.destroy();
    },
  };
}

/** Sends `bytes` and returns all that comes back until the relay closes. */
export async function rawExchange(port: number, bytes: string): Promise<string> {
  using connection = await rawConnection(port, bytes);
  return (await connection.closed()).text;
}

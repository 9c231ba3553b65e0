import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";

export type Proxy = AsyncDisposable & {
  url: string;
  port: number;
  /** The targets of CONNECT, in order. */
  asked: string[];
  /** The headers of the last CONNECT. */
  headers: IncomingMessage["headers"];
  /** Everything that passed through towards the upstream, as latin-1. */
  readonly seen: string;
  /** The connections from the relay. */
  sockets: Set<Socket>;
};

type Options = {
  /** Where every name leads to: a port of this machine. */
  to: number;
  tls?: { key: string; cert: string };
  /** Answers the CONNECT instead. */
  instead?: (socket: Socket) => void;
};

/** An HTTP proxy that knows CONNECT alone, and takes every name for this machine. */
export async function startProxy({ to, tls, instead }: Options): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  let seen = "";
  const server = tls ? createTlsServer(tls) : createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("connect", (req, socket: Socket) => {
    asked.push(req.url!);
    proxy.headers = req.headers;
    socket.on("error", () => {});
    if (instead) {
      instead(socket);
      return;
    }
    const upstream = connect(to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.on("data", (chunk) => {
        seen += chunk.toString("latin1");
      });
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxy: Proxy = {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    asked,
    headers: {},
    get seen() {
      return seen;
    },
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

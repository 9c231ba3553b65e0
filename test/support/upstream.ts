import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";

/** A request as the upstream saw it. */
export type Seen = {
  method: string;
  url: string;
  rawHeaders: string[];
  headers: IncomingMessage["headers"];
  body: Buffer;
};

export type Upstream = AsyncDisposable & {
  url: string;
  port: number;
  /** Requests whose body has arrived whole, in order. */
  seen: Seen[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Closes the connections that wait for a request. */
  closeIdle(): void;
};

type Tls = { key: string; cert: string };

/** A real upstream: answers by `handler`, or with `{}` when there is none. */
export async function startUpstream(
  handler: RequestListener = answerJson,
  tls?: Tls,
): Promise<Upstream> {
  const seen: Seen[] = [];
  let connections = 0;
  const listener: RequestListener = (req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const { method = "", url = "", rawHeaders, headers } = req;
      seen.push({ method, url, rawHeaders, headers, body: Buffer.concat(chunks) });
    });
    handler(req, res);
  };
  const server = tls
    ? createTlsServer({ ...tls }, listener)
    : createServer({ maxHeaderSize: 131_072 }, listener);
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    seen,
    get connections() {
      return connections;
    },
    closeIdle: () => server.closeIdleConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answerJson(req: IncomingMessage, res: ServerResponse): void {
  req.resume();
  req.on("end", () => {
    res.setHeader("content-type", "application/json");
    res.end("{}");
  });
}

/** An upstream that says whatever bytes it likes. */
export async function startRawUpstream(
  handler: (socket: Socket) => void,
): Promise<AsyncDisposable & { url: string; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    handler(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** An upstream that answers each request (without a body) with these very bytes. */
export function startFixedUpstream(answer: string, { close = false } = {}) {
  return startRawUpstream((socket) =>
    onHead(socket, () => {
      socket.write(answer, "latin1");
      if (close) socket.end();
    }),
  );
}

/** Calls `then` with the head of each request that arrives on a raw connection. */
export function onHead(socket: Socket, then: (head: string) => void): void {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
      const head = text.slice(0, end + 4);
      text = text.slice(end + 4);
      then(head);
    }
  });
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer } from "ws";

export type SoakUpstream = AsyncDisposable & {
  port: number;
  /** Connections that are open. */
  readonly connections: number;
};

/** What is asked of the upstream, in the query. */
export type Wish = {
  /** Events of the answer; none: what was sent comes back. */
  events?: number;
  everyMs?: number;
  eventBytes?: number;
  headMs?: number;
  /** After so many events the connection is reset; 0: before the head. */
  resetAfter?: number;
};

/** An upstream that does what each request wishes. */
export async function startSoakUpstream(): Promise<SoakUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const wss = new WebSocketServer({ server });
  wss.on("connection", (socket, { socket: raw }: IncomingMessage) => {
    socket.on("error", () => {});
    socket.on("message", (message, isBinary) => {
      if (String(message) === "reset") raw.resetAndDestroy();
      else socket.send(message, { binary: isBinary });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const answer: RequestListener = (req, res) => {
  const { searchParams } = new URL(req.url!, "http://upstream");
  const wish = JSON.parse(searchParams.get("wish")!) as Wish;
  const { events = 0, everyMs = 0, eventBytes = 0, headMs = 0, resetAfter = -1 } = wish;
  const event = `data: ${"x".repeat(Math.max(0, eventBytes - 8))}\n\n`;
  const received: Buffer[] = [];
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;

  req.on("data", (bytes: Buffer) => received.push(bytes));
  req.on("error", () => {});
  req.on("end", () => {
    timer = setTimeout(begin, headMs);
  });
  res.on("close", () => clearTimeout(timer));

  function begin(): void {
    if (resetAfter === 0) req.socket.resetAndDestroy();
    else if (events === 0) res.end(Buffer.concat(received));
    else {
      res.writeHead(200, { "content-type": "text/event-stream" });
      next();
    }
  }

  function next(): void {
    const isTaken = res.write(event);
    if (++sent === resetAfter) req.socket.resetAndDestroy();
    else if (sent === events) res.end();
    else if (isTaken) timer = setTimeout(next, everyMs);
    else res.once("drain", next);
  }
};

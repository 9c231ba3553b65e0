import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export type WebSocketUpstream = AsyncDisposable & {
  url: string;
  port: number;
  /** Handshakes that arrived, in order. */
  handshakes: IncomingMessage[];
  /** The raw connections of these handshakes. */
  sockets: Socket[];
};

type Options = {
  onConnection?: (socket: WebSocket, request: IncomingMessage) => void;
  /** Lines added to the 101. */
  headers?: string[];
  /** Offers compression, as OpenAI does. */
  perMessageDeflate?: boolean;
};

/** A real WebSocket server; `handshakes` tells what it was asked. */
export async function startWebSocketUpstream(options: Options = {}): Promise<WebSocketUpstream> {
  const { onConnection, headers = [], perMessageDeflate = false } = options;
  const handshakes: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const server = createServer((_req, res) => res.writeHead(404).end());
  const wss = new WebSocketServer({ server, perMessageDeflate });
  wss.on("headers", (lines) => lines.push(...headers));
  wss.on("connection", (socket, request) => onConnection?.(socket, request));
  server.prependListener("upgrade", (request, socket: Socket) => {
    handshakes.push(request);
    sockets.push(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    handshakes,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

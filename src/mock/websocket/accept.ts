import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Exchange, HeaderList, UpgradeReply } from "../../exchange.ts";
import { headerOf, without } from "../../header-list.ts";
import { idOf, refused, send } from "../answer.ts";
import { digestOf } from "../asked.ts";
import { Refusal } from "../refusal.ts";

/** The longest message that the mock takes, in bytes: audio for Realtime may have 15 MiB. */
export const maxMessage = 16 * 1024 ** 2;

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: true,
  maxPayload: maxMessage,
  // Browsers offer a key as well.
  handleProtocols: (offered) => (offered.has("realtime") ? "realtime" : ([...offered][0] ?? false)),
});

/**
 * Takes a WebSocket: the relay's tunnel gets one end of a pair of streams in this process, the mock talks at
 * the other. Each end goes with the other, whoever leaves.
 */
export function accept(
  exchange: Exchange,
  reply: UpgradeReply,
  opened: (socket: WebSocket) => void,
): void {
  const [near, far] = duplexPair();
  near.once("close", () => far.destroy());
  far.once("close", () => near.destroy());

  let socket: WebSocket | undefined;
  server.handleUpgrade(toRequest(exchange), far as Socket, Buffer.alloc(0), (one) => {
    socket = one;
  });
  const { headers, body } = readAnswer(near);
  const digest = digestOf(exchange, null);
  if (!socket) {
    near.destroy();
    const refusal = new Refusal(400, `The WebSocket handshake is malformed: ${body}.`);
    void send(refused(refusal), { method: "GET", digest }, reply);
    return;
  }
  // Too long a message: ws closes with 1009 by itself.
  socket.on("error", () => {});
  reply.tunnel([...headers, "x-request-id", idOf("req_", digest)], near);
  opened(socket);
}

/** As much of a request as ws looks at. */
function toRequest({ method, target, headers }: Exchange): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  request.url = target;
  for (const name of ["key", "version", "protocol", "extensions"].map(
    (one) => `sec-websocket-${one}`,
  )) {
    const value = headerOf(headers, name);
    if (value !== undefined) request.headers[name] = value;
  }
  request.headers.upgrade = "websocket";
  return request;
}

/** What ws wrote in answer to the handshake, without what the relay's tunnel says by itself. */
function readAnswer(near: Duplex): { headers: HeaderList; body: string } {
  const [head = "", body = ""] = String(near.read()).split("\r\n\r\n", 2);
  const lines = head.split("\r\n").slice(1);
  const headers = lines.flatMap((line) => line.split(/: (.*)/s, 2));
  return { headers: without(headers, /^(?:connection|upgrade)$/i), body };
}

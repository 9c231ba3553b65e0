import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { without } from "../header-list.ts";
import { toHeadText } from "./head-text.ts";

/**
 * Whether a request is a WebSocket handshake (RFC 6455 section 4.1). Every other wish to switch is ignored:
 * Java's clients ask for h2c with every first request, and a body would be lost.
 */
export function isWebSocket({ method, headers, httpVersionMinor }: IncomingMessage): boolean {
  if (headers.upgrade?.toLowerCase() !== "websocket") return false;
  const hasBody = Number(headers["content-length"] ?? 0) !== 0 || "transfer-encoding" in headers;
  return method === "GET" && httpVersionMinor === 1 && !hasBody;
}

/**
 * Ignores the wish to switch to a protocol that nobody serves (RFC 9110 section 7.8), where node:http (before
 * 24.9) cannot: the request goes through its parser once more, without that line.
 */
export function serveAsPlain(
  server: Server,
  { method, url, rawHeaders, httpVersion }: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  if (hasAnswerDue(socket)) {
    socket.destroy();
    return;
  }
  const text = toHeadText(
    `${method} ${url} HTTP/${httpVersion}`,
    without(rawHeaders, /^upgrade$/i),
  );
  socket.unshift(Buffer.concat([Buffer.from(text, "latin1"), head]));
  server.emit("connection", socket);
}

/**
 * A response for a request to switch protocols, which node:http gives none: for a refusal. The connection
 * ends with it.
 */
export function responseOn(
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
): ServerResponse | undefined {
  // From the first tick: a reset during the handshake must find somebody who listens.
  socket.on("error", () => {});
  if (hasAnswerDue(socket)) {
    socket.destroy();
    return undefined;
  }
  if (head.length > 0) socket.unshift(head);
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => socket.destroySoon());
  noticeLeaving(socket);
  return res;
}

/** Whether an earlier request of the connection waits for its answer: nobody switches then in earnest. */
function hasAnswerDue(socket: Socket): boolean {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage != null;
}

/** Bytes that a client may send ahead of the answer to its handshake and still be heard leaving. */
const earlyBytes = 65_536;

/** A connection that nobody reads never reports that the other side has left. */
function noticeLeaving(socket: Socket): void {
  const early: Buffer[] = [];
  let size = 0;
  const read = () => {
    while (size < earlyBytes) {
      const piece: Buffer | null = socket.read();
      if (piece === null) return;
      early.push(piece);
      size += piece.length;
    }
  };
  const leave = () => socket.destroy();
  socket.on("readable", read);
  socket.on("end", leave);
  // From there on the tunnel reads, what came early first.
  socket.once("pipe", () => {
    socket.off("readable", read);
    socket.off("end", leave);
    if (size > 0) socket.unshift(Buffer.concat(early));
  });
}

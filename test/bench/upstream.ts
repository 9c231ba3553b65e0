import { type AddressInfo, createServer, type Socket } from "node:net";
import { now } from "./clock.ts";
import { answerHead, completion, toEvent, tunnelHead } from "./wire.ts";

// What the targets stand in front of, in a process of its own: HTTP by hand, answers made
// beforehand, so that it is never the slowest part. It ends with the process that started it.

const whole = Buffer.from(answerHead("application/json", completion.length) + completion);
const streamHead = answerHead("text/event-stream");
const volley = Buffer.from(toChunk(toEvent(0)).repeat(512));
const block = Buffer.alloc(262_144);

/** Connections with an event stream under way. */
const streams = new Set<Socket>();
let lastGoneAt = 0;

const answers: Record<string, (socket: Socket, query: URLSearchParams) => void> = {
  "/v1/chat/completions": (socket) => socket.write(whole),
  "/v1/files": (socket) => socket.write(whole),
  "/v1/files/content": (socket, query) => sendBytes(socket, Number(query.get("bytes"))),
  "/v1/responses"(socket, query) {
    const everyMs = Number(query.get("every"));
    streams.add(socket);
    socket.write(streamHead);
    if (everyMs > 0) sendPaced(socket, everyMs, Number(query.get("events")));
    else keepFull(socket, () => volley);
  },
  /** From there on what comes in goes out again. */
  "/v1/realtime"(socket) {
    socket.removeAllListeners("data");
    socket.on("data", (bytes) => socket.write(bytes));
    socket.write(tunnelHead);
  },
  "/streams"(socket) {
    const text = JSON.stringify({ open: streams.size, lastGoneAt });
    socket.write(answerHead("application/json", text.length) + text);
  },
};

/** An event at once, then one every so often, each with the moment of its sending in it. */
function sendPaced(socket: Socket, everyMs: number, events: number): void {
  let left = events;
  const send = () => {
    if (socket.destroyed) left = 0;
    else if (--left > 0) socket.write(toChunk(toEvent(now())));
    else socket.write(`${toChunk(toEvent(now()))}0\r\n\r\n`);
    if (left > 0) return;
    clearInterval(timer);
    streams.delete(socket);
  };
  const timer = setInterval(send, everyMs);
  send();
}

function sendBytes(socket: Socket, bytes: number): void {
  let left = bytes;
  socket.write(answerHead("application/octet-stream", bytes));
  keepFull(socket, () => {
    const piece = left < block.length ? block.subarray(0, left) : block;
    left -= piece.length;
    return piece;
  });
}

/** Writes what `next` gives as fast as it is taken, until that is nothing. */
function keepFull(socket: Socket, next: () => Buffer): void {
  const fill = () => {
    for (;;) {
      const piece = next();
      if (piece.length === 0) socket.off("drain", fill);
      if (piece.length === 0 || socket.destroyed || !socket.write(piece)) return;
    }
  };
  socket.on("drain", fill);
  fill();
}

function toChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

const server = createServer({ noDelay: true }, (socket) => {
  let head = "";
  /** Body bytes still to come. */
  let left = 0;

  socket.on("data", (bytes) => {
    if (left > 0) left -= bytes.length;
    else {
      head += bytes.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      left = end + 4 + lengthIn(head) - head.length;
    }
    if (left > 0) return;
    const target = head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/"));
    head = "";
    const [path, query] = target.split("?", 2);
    answers[path!]!(socket, new URLSearchParams(query));
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    if (streams.delete(socket)) lastGoneAt = now();
  });
});

function lengthIn(head: string): number {
  const line = /\r\ncontent-length: *(\d+)/i.exec(head);
  return line ? Number(line[1]) : 0;
}

server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on("disconnect", () => process.exit());

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { createCertificates } from "../support/certificates.ts";
import { onHead, startRawUpstream } from "../support/upstream.ts";
import { startRelay } from "./relay.ts";

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate";
const switching =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const handshake = [
  "GET /v1/echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
].join("");
const post = "POST /v1/head HTTP/1.1\r\nHost: localhost\r\n";

type Call = {
  request: string;
  /** What is sent after the silence, by a client of a tunnel. */
  word?: string;
  /** What ends the answer. */
  end: string;
  tls?: true;
};

const calls: Record<string, Call> = {
  "an answer whose head comes late": { request: get("/v1/head"), end: "late" },
  "the same over TLS": { request: get("/v1/head"), end: "late", tls: true },
  "the same to a body that came with the head": {
    request: `${post}Content-Length: 2\r\n\r\n{}`,
    end: "late",
  },
  "the same to a large upload": {
    request: `${post}Content-Length: 100000\r\n\r\n${"x".repeat(100_000)}`,
    end: "late",
  },
  "a stream with a gap": { request: get("/v1/gap"), end: "0\r\n\r\n" },
  "a WebSocket that nobody uses": { request: handshake, word: "hello", end: "hello" },
};

/** Whether calls survive so much silence with the default settings; prints what became of each. */
export async function testSilence(minutes: number): Promise<boolean> {
  const ms = minutes * 60_000;
  await using upstream = await startRawUpstream((socket) => onHead(socket, answerLate(socket, ms)));
  using certificates = createCertificates();
  const { tlsCert, tlsKey } = certificates.settings;
  const flags = ["--tls-cert", tlsCert, "--tls-key", tlsKey];
  await using relay = await startRelay(upstream.port, flags);

  console.log(`${minutes} minutes of silence, default settings`);
  const results = Object.entries(calls).map(async ([name, call]) => {
    const socket = call.tls
      ? connectTls({ port: relay.port, host: "127.0.0.1", ca: certificates.ca })
      : connect(relay.port, "127.0.0.1");
    const { text, seconds, error } = await outcomeOf(socket, call, ms);
    const isGood = text.endsWith(call.end) && seconds * 1000 >= ms;
    console.log(`${isGood ? "ok  " : "LOST"} ${name}: ${seconds.toFixed(1)} s ${error}`);
    return isGood;
  });
  return (await Promise.all(results)).every(Boolean);
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

function answerLate(socket: Socket, ms: number): (head: string) => Promise<void> {
  return async (head) => {
    if (head.includes("/v1/echo")) {
      socket.write(switching);
      socket.pipe(socket);
      return;
    }
    const isGap = head.includes("/v1/gap");
    if (isGap) socket.write(`${chunked}7\r\ndata: 1\r\n`);
    await pause(ms);
    socket.write(isGap ? "7\r\ndata: 2\r\n0\r\n\r\n" : whole);
  };
}

async function outcomeOf(socket: Socket, call: Call, ms: number) {
  const startedAt = performance.now();
  let text = "";
  let error = "";
  const over = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.endsWith(call.end)) resolve();
    });
    socket.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code ?? cause.message));
    socket.on("close", () => resolve());
  });
  socket.write(call.request, "latin1");
  if (call.word !== undefined) {
    await Promise.race([over, once(socket, "data")]);
    await Promise.race([over, pause(ms)]);
    socket.write(call.word);
  }
  await over;
  socket.destroy();
  return { text, error, seconds: (performance.now() - startedAt) / 1000 };
}

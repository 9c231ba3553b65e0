import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Exchange, Observer } from "../src/exchange.ts";
import { createCertificates } from "./support/certificates.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

// When a request left for OpenAI, and what it waited for before.

test("an exchange says when it was sent, and how long its new connection took to open", async () => {
  using certificates = createCertificates();
  await using upstream = await startUpstream(undefined, certificates);
  const seen: Exchange[] = [];
  const observer: Observer = { answered: (exchange) => seen.push(exchange) };
  const settings = { upstream: upstream.url, ca: certificates.caFile };
  await using relay = await startRelay(settings, { observers: [observer] });

  for (let i = 0; i < 2; i++) await (await fetch(`${relay.url}/v1/models`)).text();

  const [first, second] = seen;
  expect(upstream.connections).toBe(1);
  expect(first!.connectMs).toBeGreaterThan(0);
  // It left once the connection was open, the TLS handshake included.
  expect(first!.sentAt! - first!.startedAt).toBeGreaterThanOrEqual(first!.connectMs!);
  expect(second!.connectMs).toBeUndefined();
  expect(second!.sentAt).toBeGreaterThanOrEqual(second!.startedAt);
  expect(second!.sentAt).toBeLessThanOrEqual(performance.now());
});

test("so does a WebSocket's handshake", async () => {
  await using upstream = await startWebSocketUpstream();
  const seen: Exchange[] = [];
  const observer: Observer = { answered: (exchange) => seen.push(exchange) };
  await using relay = await startRelay({ upstream: upstream.url }, { observers: [observer] });

  const socket = new WebSocket(`${relay.url.replace("http", "ws")}/v1/realtime`);
  await once(socket, "open");
  socket.terminate();

  expect(seen[0]!.connectMs).toBeGreaterThan(0);
  expect(seen[0]!.sentAt! - seen[0]!.startedAt).toBeGreaterThanOrEqual(seen[0]!.connectMs!);
});

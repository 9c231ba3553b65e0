import { once } from "node:events";
import { createServer, type ServerOptions } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, expect, test } from "vitest";
import { type ClientError, createTlsPort } from "../src/server/tls-port.ts";
import { createCertificates } from "./support/certificates.ts";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import {
  ask,
  createKeepingAgent,
  getPlain,
  getSecure,
  startLane,
  tlsConnection,
} from "./support/tls-client.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

const certificates = createCertificates();
const { ca, settings } = certificates;
afterAll(() => certificates[Symbol.dispose]());

test("one port serves http:// and https://, on IPv4 and IPv6", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url, ...settings });

  for (const get of [getPlain, getSecure])
    for (const host of ["127.0.0.1", "::1", "localhost"])
      expect((await ask(get, { host, port: relay.port, ca, path: "/v1/models" })).text).toBe("{}");

  expect(upstream.seen.map(({ url }) => url)).toEqual(Array(6).fill("/v1/models"));
});

test("a ClientHello may come byte by byte", async () => {
  await using relay = await startRelay({ mock: true, ...settings });
  await using lane = await startLane(relay.port);

  const headers = { host: `localhost:${relay.port}` };
  const { status } = await ask(getSecure, { port: lane.port, ca, headers });

  expect(status).toBe(200);
});

test.each([["\x00garbage"], ["\x15\x03\x01"], ["\x80\x2e\x01\x00\x02"], ["\r\n\x16\x03\x01"]])(
  "first bytes that are neither HTTP nor a handshake get 400: %j",
  async (bytes) => {
    await using relay = await startRelay({ mock: true, ...settings });

    expect(await rawExchange(relay.port, bytes)).toMatch(/^HTTP\/1\.1 400 /);
  },
);

test("a handshake after a request is no handshake", async () => {
  await using relay = await startRelay({ mock: true, ...settings });
  using connection = await rawConnection(relay.port, request("/_relay/health"));
  await connection.until(" 200 ");

  connection.socket.write("\x16\x03\x01");

  expect((await connection.closed()).text).toMatch(/HTTP\/1\.1 400 /);
});

test("a handshake that is none ends its connection, and nothing else", async () => {
  await using relay = await startRelay({ mock: true, ...settings });

  const answer = await rawExchange(relay.port, "\x16nothing that TLS knows");

  expect(answer).not.toContain("HTTP");
  expect(await rawExchange(relay.port, request("/_relay/health", "close"))).toContain(" 200 ");
});

test("plain requests lose no byte and keep their order, in one packet or byte by byte", async () => {
  await using upstream = await startUpstream((req, res) => {
    req.resume().on("end", () => res.end(`answer to ${req.url}`));
  });
  await using relay = await startRelay({ upstream: upstream.url, ...settings });
  await using lane = await startLane(relay.port);
  const paths = ["/v1/a", "/v1/b", "/v1/c"];
  const requests = paths.map(
    (path) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\n${path}!`,
  );

  for (const port of [relay.port, lane.port]) {
    using connection = await rawConnection(port, requests.join(""));
    await connection.until("answer to /v1/c");
    expect(connection.text.match(/(?<=answer to )\/v1\/\w/g)).toEqual(paths);
  }

  expect(upstream.seen.map(({ url, body }) => [url, `${body}`])).toEqual(
    [...paths, ...paths].map((path) => [path, `${path}!`]),
  );
});

test("a TLS connection carries one request after another", async () => {
  await using relay = await startRelay({ mock: true, ...settings });
  using agent = createKeepingAgent(ca);

  await ask(getSecure, { port: relay.port, agent });
  const second = await ask(getSecure, { port: relay.port, agent });

  expect(second.reused).toBe(true);
});

test("slices of a stream pass TLS one by one", async () => {
  const silence = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async (_req, res) => {
    res.setHeader("content-type", "text/event-stream");
    res.write("data: one\n\n");
    await silence.promise;
    res.end("data: [DONE]\n\n");
  });
  await using relay = await startRelay({ upstream: upstream.url, ...settings });
  using client = await tlsConnection({ port: relay.port, ca }, request("/v1/responses"));

  await client.until("data: one\n\n");
  expect(client.text).not.toContain("[DONE]");
  silence.resolve();
  await client.until("data: [DONE]\n\n");
});

test("an answer that upstream broke off does not end in order, for HTTP/1.0 clients either", async () => {
  await using upstream = await startRawUpstream((socket) => {
    socket.once("data", () => {
      const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
      socket.write(`${head}7\r\npartial\r\n`, () => setImmediate(() => socket.destroy()));
    });
  });
  await using relay = await startRelay({ upstream: upstream.url, ...settings });
  await using lane = await startLane(relay.port);

  using modern = await tlsConnection({ port: relay.port, ca }, request("/v1/models"));
  await modern.closed();
  const options = { port: lane.port, ca, maxVersion: "TLSv1.2" } as const;
  using old = await tlsConnection(options, "GET /v1/models HTTP/1.0\r\n\r\n");
  await old.closed();

  expect(modern.text).not.toContain("\r\n0\r\n");
  expect(recordTypes(Buffer.concat(lane.answers))).not.toContain(alert);
});

test("the door is the same over TLS", async () => {
  const web = "https://app.example";
  await using relay = await startRelay({ mock: true, allowedOrigins: [web], ...settings });
  const visit = (headers: Record<string, string>) =>
    ask(getSecure, { port: relay.port, ca, path: "/v1/models", headers, servername: "localhost" });

  expect((await visit({ host: `localhost:${relay.port}` })).status).toBe(200);
  expect((await visit({ host: "relay.example" })).status).toBe(421);
  expect((await visit({ host: `localhost:${relay.port + 1}` })).status).toBe(421);
  expect((await visit({ origin: `https://localhost:${relay.port}` })).status).toBe(403);
  expect((await visit({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  const allowed = await visit({ origin: web });
  expect(allowed.headers["access-control-allow-origin"]).toBe(web);
});

test("TLS inside of TLS is refused", async () => {
  await using relay = await startRelay({ mock: true, ...settings });

  using client = await tlsConnection({ port: relay.port, ca }, "\x16\x03\x01");
  await client.closed();

  expect(client.text).toMatch(/^HTTP\/1\.1 400 /);
});

test("without a certificate, or with TLS turned off, a handshake is a malformed request", async () => {
  const env = { HOME: certificates.folder.path };
  for (const off of [{}, { ...settings, tls: "off" }]) {
    await using relay = await startRelay({ mock: true, ...off }, { env });

    expect(await rawExchange(relay.port, "\x16\x03\x01")).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test("draining lets a TLS answer finish, and waits neither for idle connections nor for handshakes", async () => {
  const silence = Promise.withResolvers<void>();
  await using upstream = await startUpstream(async (_req, res) => {
    res.write("data: one\n\n");
    await silence.promise;
    res.end("data: [DONE]\n\n");
  });
  await using relay = await startRelay({ upstream: upstream.url, ...settings });
  using live = await tlsConnection({ port: relay.port, ca }, request("/v1/responses"));
  using idle = await tlsConnection({ port: relay.port, ca }, request("/_relay/health"));
  using shy = await rawConnection(relay.port, "\x16\x03\x01");
  await Promise.all([live.until("data: one"), idle.until(" 200 ")]);

  const stopped = relay.stop();
  await idle.closed();
  silence.resolve();
  await live.until("[DONE]");

  await Promise.all([stopped, live.closed(), shy.closed()]);
});

test("upstream hears of it when a TLS client leaves, and when the relay is cut", async () => {
  let left = Promise.withResolvers<void>();
  await using upstream = await startUpstream((_req, res) => {
    res.write("data: one\n\n");
    res.on("close", () => left.resolve());
  });
  const relay = await startRelay({ upstream: upstream.url, ...settings });
  const asked = [{ port: relay.port, ca }, request("/v1/responses")] as const;

  const leaver = await tlsConnection(...asked);
  await leaver.until("data: one");
  leaver[Symbol.dispose]();
  await left.promise;
  expect((await relay.nextOutcome()).ending).toBe("client_left");

  left = Promise.withResolvers();
  using stayer = await tlsConnection(...asked);
  await stayer.until("data: one");
  await relay[Symbol.asyncDispose]();
  await Promise.all([left.promise, stayer.closed()]);
});

test("silence ends a connection before the first byte, in a handshake and after it, and no other", async () => {
  await using port = await startPort({ headersTimeout: 300, connectionsCheckingInterval: 20 });
  using agent = createKeepingAgent(ca);
  await ask(getSecure, { port: port.number, agent });

  using silent = await rawConnection(port.number);
  using shaking = await rawConnection(port.number, "\x16\x03\x01");
  using secure = await tlsConnection({ port: port.number, ca }, "GET / HTT");
  await Promise.all([silent.closed(), shaking.closed(), secure.closed()]);

  expect(silent.text).toMatch(/^HTTP\/1\.1 408 /);
  expect(shaking.text).toBe("");
  expect(secure.text).toMatch(/^HTTP\/1\.1 408 /);
  expect((await ask(getSecure, { port: port.number, agent })).reused).toBe(true);
});

test("hundreds of TLS connections leave nothing behind", async () => {
  await using port = await startPort({});

  for (let i = 0; i < 10; i++)
    await Promise.all(
      Array.from({ length: 25 }, () => ask(getSecure, { port: port.number, ca, agent: false })),
    );

  await expect.poll(() => port.connections()).toBe(0);
});

function request(path: string, connection = "keep-alive"): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`;
}

/** What says in TLS 1.2 that the end of a connection is the end of the data (RFC 5246 section 7.2.1). */
const alert = 0x15;

function recordTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]!);
  return types;
}

/** A server of node:http with TLS on its port. */
async function startPort(options: ServerOptions) {
  const tlsPort = createTlsPort({ ...certificates, ca: [] });
  const server = createServer(options, (_req, res) => res.end("ok"));
  const takeOver = tlsPort.join(server);
  server.on("clientError", (error: ClientError, socket: Socket) => {
    if (!takeOver(error, socket)) socket.end(`HTTP/1.1 408 ${error.code}\r\n\r\n`);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    number: (server.address() as AddressInfo).port,
    connections: () =>
      new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count))),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

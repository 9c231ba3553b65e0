import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import type { Observer } from "../../src/exchange.ts";
import { createCertificates } from "../support/certificates.ts";
import { startRelay } from "../support/relay.ts";
import { onHead, startRawUpstream, startUpstream } from "../support/upstream.ts";

// Moments of leaving that chance seldom meets.

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

test.each(["destroy", "resetAndDestroy"] as const)(
  "upstream has said all of it, and a part still waits for the client: it did not get it (%s)",
  async (leave) => {
    const asked = Promise.withResolvers<Socket>();
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => socket.write(chunked, () => asked.resolve(socket))),
    );
    let passed = Promise.withResolvers<void>();
    const watch: Observer = { chunk: () => passed.resolve() };
    await using relay = await startRelay({ upstream: upstream.url }, { observers: [watch] });
    using watched = watchResponse();
    const client = connect(relay.port, "127.0.0.1").on("error", () => {});
    client.write("GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(client, "data");
    client.pause();
    const answering = await asked.promise;

    // Piece by piece, until the system takes no more; upstream is held back only later.
    const piece = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    while (watched.response.writableLength === 0) {
      passed = Promise.withResolvers<void>();
      answering.write(piece);
      await passed.promise;
      await new Promise(setImmediate);
    }
    answering.write("0\r\n\r\n");
    await once(watched.response, "prefinish");
    client[leave]();

    expect((await relay.nextOutcome()).ending).toBe("client_left");
  },
);

// So early that Node takes the reset for an end in order, and a write for one still to be done.
test("a client resets its upload over TLS: upstream is let go at once", async () => {
  using certificates = createCertificates();
  await using upstream = await startUpstream((req) => req.resume());
  await using relay = await startRelay({ upstream: upstream.url, ...certificates.settings });
  const head = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n";
  const half = head + "x".repeat(150_000);

  for (let round = 0; round < 8; round++) {
    const raw = connect(relay.port, "127.0.0.1").on("error", () => {});
    const secure = connectTls({ socket: raw, host: "127.0.0.1", ca: certificates.ca });
    secure.on("error", () => {});
    await once(secure, "secureConnect");
    secure.write(half, () => raw.resetAndDestroy());

    const { ending, durationMs } = await relay.nextOutcome();
    expect(ending).toBe("client_left");
    expect(durationMs).toBeLessThan(500);
  }
});

// Node may take such a reset for an end in order, until it writes.
test("upstream resets a WebSocket as soon as it is open: it is over for both", async () => {
  const switching = "HTTP/1.1 101 Hi\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  await using upstream = await startRawUpstream((socket) =>
    onHead(socket, () => socket.write(switching, () => socket.resetAndDestroy())),
  );
  await using relay = await startRelay({ upstream: upstream.url });
  const client = connect(relay.port, "127.0.0.1");
  client.on("error", () => {}).resume();

  const lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const handshake = ["GET /v1/realtime HTTP/1.1", "Host: localhost", ...lines];
  client.write(`${handshake.join("\r\n")}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
  client.write("said before it heard of anything");
  await once(client, "close");

  expect(await relay.nextOutcome()).toMatchObject({ ending: "upstream_broke", status: 101 });
  expect(relay.live + relay.tunnels).toBe(0);
});

/** The response objects of this process: what node:http knows of an answer. */
function watchResponse(): Disposable & { response: ServerResponse } {
  const seen: ServerResponse[] = [];
  const note = (message: unknown) => seen.push((message as { response: ServerResponse }).response);
  subscribe("http.server.request.start", note);
  return {
    get response() {
      return seen[0]!;
    },
    [Symbol.dispose]: () => void unsubscribe("http.server.request.start", note),
  };
}

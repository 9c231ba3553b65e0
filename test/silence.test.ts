import type { Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { onHead, startRawUpstream } from "./support/upstream.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("by default twenty minutes of silence, before the head and after it, end nothing", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const asked = Promise.withResolvers<Socket>();
  await using upstream = await startRawUpstream((socket) =>
    onHead(socket, () => asked.resolve(socket)),
  );
  await using relay = await startRelay({ upstream: upstream.url });
  using client = await rawConnection(relay.port, "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const socket = await asked.promise;

  vi.advanceTimersByTime(20 * 60_000);
  await turn();
  socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  await client.until("one");
  vi.advanceTimersByTime(20 * 60_000);
  await turn();
  socket.write("3\r\ntwo\r\n0\r\n\r\n");

  expect(await client.until("\r\n0\r\n\r\n")).toMatch(/3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
});

/** Lets everything happen that is due. */
function turn(): Promise<void> {
  return new Promise((done) => setImmediate(() => setImmediate(done)));
}

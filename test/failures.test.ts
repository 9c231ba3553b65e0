import { createServer } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { get, messageOf } from "./support/relayed.ts";
import { onHead, startRawUpstream, startUpstream } from "./support/upstream.ts";

// What a client hears when there is no answer to pass on.

describe("a failure before the head is an answer of its own", () => {
  const failures: [string, string, (socket: Socket) => void][] = [
    ["closes without a word", "upstream_reset", (socket) => socket.end()],
    ["resets", "upstream_reset", (socket) => socket.resetAndDestroy()],
    ["closes in the head", "upstream_reset", (socket) => socket.end("HTTP/1.1 200 OK\r\nX-A")],
    ["says nonsense", "upstream_bad_response", (socket) => socket.end("\0\x01\x02 hello\r\n\r\n")],
    ["speaks without a head", "upstream_bad_response", (socket) => socket.end("hello\r\n\r\n")],
    [
      "switches protocols",
      "upstream_bad_response",
      (socket) => socket.end("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    ],
    ["names no status", "upstream_bad_response", (socket) => socket.end("HTTP/1.1 99 X\r\n\r\n")],
    [
      "has a head of 70 KB",
      "upstream_bad_response",
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(70_000)}\r\n\r\n`),
    ],
    [
      "has a head without an end",
      "upstream_bad_response",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        const more = setInterval(() => socket.write(`X-A: ${"a".repeat(5000)}\r\n`), 1);
        socket.on("close", () => clearInterval(more));
      },
    ],
  ];

  test.each(failures)(
    "upstream %s: 502 %s, and the connection goes on",
    async (_, code, misbehave) => {
      let requests = 0;
      await using upstream = await startRawUpstream((socket) =>
        onHead(socket, () => {
          requests++;
          misbehave(socket);
        }),
      );
      await using relay = await startRelay({ upstream: upstream.url });
      using client = await rawConnection(relay.port, get.replace("GET", "DELETE"));

      const text = await client.until(/\r\n\r\n\{.*\}\}$/);
      const [head = "", body = ""] = text.split("\r\n\r\n");
      client.socket.write("GET /_relay/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await client.until('{"status":"ok"}');

      expect(head).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: application\/json\r\n/);
      expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
      expect(head).toContain(`\r\nx-relay-error: ${code}\r\nx-should-retry: false\r\n`);
      expect(JSON.parse(body)).toEqual({
        error: { message: expect.any(String), type: "server_error", param: null, code },
      });
      expect(text).not.toContain(testKey);
      expect(requests).toBe(1);
    },
  );

  test("a port where nobody listens: 502 upstream_refused, until somebody does", async () => {
    const server = createServer((_req, res) => res.end("back"));
    const port = await listening(server, 0);
    await new Promise((closed) => server.close(closed));
    await using relay = await startRelay({ upstream: `http://127.0.0.1:${port}` });
    const post = () => fetch(`${relay.url}/v1/x`, { method: "POST", body: "{}" });

    const refused = await post();
    expect([refused.status, refused.headers.get("x-relay-error")]).toEqual([
      502,
      "upstream_refused",
    ]);
    expect(refused.headers.get("x-should-retry")).toBe("true");
    expect(await messageOf(refused)).toMatch(/ECONNREFUSED.*relay check/);

    await listening(server, port);
    try {
      expect(await (await post()).text()).toBe("back");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("a name that does not exist: 502 upstream_dns", async () => {
    await using relay = await startRelay({ upstream: "https://nowhere.invalid", proxy: "off" });

    const answer = await fetch(`${relay.url}/v1/x`, { method: "POST", body: "{}" });

    expect([answer.status, answer.headers.get("x-relay-error")]).toEqual([502, "upstream_dns"]);
    expect(await messageOf(answer)).toContain("https://nowhere.invalid");
  });
});

test("an observer that throws costs nobody anything", async () => {
  const warned = new Promise((resolve) => process.once("warning", resolve));
  const fault = () => {
    throw new Error("of the observer");
  };
  await using upstream = await startUpstream();
  await using relay = await startRelay(
    { upstream: upstream.url },
    { observers: [{ asked: fault, answered: fault, chunk: fault, ended: fault }] },
  );

  for (let round = 0; round < 2; round++)
    expect(await (await fetch(`${relay.url}/v1/x`, { method: "POST", body: "{}" })).text()).toBe(
      "{}",
    );

  expect(await warned).toMatchObject({ message: "of the observer" });
  await relay.nextOutcome();
  expect(relay.live).toBe(0);
});

function listening(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

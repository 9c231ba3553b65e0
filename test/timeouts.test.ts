import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get, messageOf } from "./support/relayed.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

describe("timeouts: 504, and the error names the setting", () => {
  test("timeouts.connect, TLS included", async () => {
    await using upstream = await startRawUpstream((socket) => socket.resume());
    await using relay = await startRelay({
      upstream: upstream.url.replace("http:", "https:"),
      "timeouts.connect": "200ms",
    });

    const answer = await fetch(`${relay.url}/v1/x`);

    expect([answer.status, answer.headers.get("x-relay-error")]).toEqual([504, "upstream_timeout"]);
    expect(answer.headers.get("x-should-retry")).toBe("true");
    expect(await messageOf(answer)).toContain("timeouts.connect");
  });

  test("timeouts.head: before the head", async () => {
    const closed = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) =>
      socket.resume().on("close", () => closed.resolve()),
    );
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.head": "200ms" });

    const answer = await fetch(`${relay.url}/v1/x`, { method: "POST", body: "{}" });
    await closed.promise;

    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([504, "false"]);
    expect(await messageOf(answer)).toContain("timeouts.head");
  });

  test("timeouts.idle: between two slices, the client's connection is cut", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.write("one");
    });
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.idle": "200ms" });
    using client = await rawConnection(relay.port, get);

    expect((await client.closed()).text).toMatch(/\r\n\r\n3\r\none\r\n$/);
    const { ending, error } = await relay.nextOutcome();
    expect([ending, error?.code]).toEqual(["upstream_broke", "upstream_timeout"]);
    expect(error?.message).toContain("timeouts.idle");
  });

  test("timeouts.total: before the head", async () => {
    const closed = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) =>
      socket.resume().on("close", () => closed.resolve()),
    );
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.total": "100ms" });

    const answer = await fetch(`${relay.url}/v1/x`);
    await closed.promise;

    expect(answer.status).toBe(504);
    expect(await messageOf(answer)).toContain("timeouts.total");
  });

  test("timeouts.total: in a stream; what had come before is not lost", async () => {
    const closed = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (req, res) => {
      req.socket.on("close", () => closed.resolve());
      res.on("error", () => {});
      for (let i = 0; i < 100; i++) res.write(Buffer.alloc(1_000_000, "x"));
    });
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.total": "400ms" });
    const client = connect(relay.port, "127.0.0.1").pause();
    client.write(get);

    await closed.promise;
    let received = 0;
    for await (const chunk of client) for (const byte of chunk) if (byte === 120) received++;

    const { ending, bytesOut, error } = await relay.nextOutcome();
    expect([ending, error?.code]).toEqual(["upstream_broke", "upstream_timeout"]);
    expect(received).toBe(bytesOut);
  });
});

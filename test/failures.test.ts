import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { rawConnection } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { onHead, startRawUpstream, startUpstream } from "./support/upstream.ts";

// What a client hears when there is no answer to pass on, and when the relay tries again.

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";

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

describe("the relay tries once more", () => {
  /** An upstream whose first connection answers one request and then does `then` with the next. */
  async function startFickle(then: (socket: Socket) => void) {
    const heads: string[] = [];
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const upstream = await startRawUpstream((socket) => {
      const isFirst = upstream.sockets.size === 1 && heads.length === 0;
      onHead(socket, (head) => {
        heads.push(head.slice(0, head.indexOf(" ")));
        if (isFirst && heads.length > 1) then(socket);
        else socket.write(answer);
      });
    });
    return { ...upstream, heads };
  }
  const request = (method: string, body = "") =>
    `${method} /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const goodbyes: [string, (socket: Socket) => void][] = [
    ["closed", (socket) => socket.destroy()],
    ["reset", (socket) => socket.resetAndDestroy()],
  ];

  for (const [how, goodbye] of goodbyes)
    test.each(["GET", "HEAD", "OPTIONS"])(
      `%s, when a kept connection is ${how}`,
      async (method) => {
        await using upstream = await startFickle(goodbye);
        await using relay = await startRelay({ upstream: upstream.url });
        using first = await rawConnection(relay.port, get);
        await first.until("hi");
        using client = await rawConnection(relay.port, request(method));

        expect(await client.until("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
        expect(upstream.heads).toEqual(["GET", method, method]);
      },
    );

  test("on a connection that was never used, not on another kept one", async () => {
    let served = 0;
    const both = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      let requests = 0;
      onHead(socket, async () => {
        if (++requests > 1) {
          socket.destroy();
          return;
        }
        if (++served === 2) both.resolve();
        await both.promise;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });

    await Promise.all([fetch(`${relay.url}/v1/a`), fetch(`${relay.url}/v1/b`)]);

    expect((await fetch(`${relay.url}/v1/c`)).status).toBe(200);
  });

  test.each([
    ["POST", ""],
    ["POST", "{}"],
    ["PUT", ""],
    ["DELETE", ""],
    ["PATCH", ""],
    ["GET", "{}"],
  ])(
    "but not with %s %j once it was written: that is the client's to decide",
    async (method, body) => {
      await using upstream = await startFickle((socket) => socket.destroy());
      await using relay = await startRelay({ upstream: upstream.url });
      using first = await rawConnection(relay.port, get);
      await first.until("hi");
      using client = await rawConnection(relay.port, request(method, body));

      expect(await client.until("\r\n\r\n")).toMatch(
        /^HTTP\/1\.1 502 .*\r\nx-relay-error: upstream_reset\r\nx-should-retry: false\r\n/s,
      );
      expect(upstream.heads).toEqual(["GET", method]);
    },
  );

  test("but not once a byte of the answer came", async () => {
    await using upstream = await startFickle((socket) => socket.end("HT"));
    await using relay = await startRelay({ upstream: upstream.url });
    using first = await rawConnection(relay.port, get);
    await first.until("hi");
    using client = await rawConnection(relay.port, get);

    await client.until("502 Bad Gateway");
    expect(upstream.heads).toEqual(["GET", "GET"]);
  });

  test("and not a third time", async () => {
    let requests = 0;
    await using upstream = await startRawUpstream((socket) =>
      onHead(socket, () => {
        requests++;
        socket.destroy();
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    // Nothing happened that a third attempt, by the client, could do twice.
    await client.until("\r\nx-should-retry: true\r\n");
    expect(requests).toBe(2);
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

async function messageOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { message: string } }).error.message;
}

function listening(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

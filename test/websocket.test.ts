import { once } from "node:events";
import { connect } from "node:net";
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

const handshake = [
  "GET /v1/realtime?model=gpt-realtime HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];
const lines = (...extra: string[]) => `${[...handshake, ...extra].join("\r\n")}\r\n\r\n`;
const switching =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** Reads the head of a handshake, then calls `then`. */
const afterHead =
  (then: (socket: import("node:net").Socket, head: string) => void) =>
  (socket: import("node:net").Socket) => {
    let head = "";
    socket.on("data", function read(chunk: Buffer) {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      then(socket, head);
    });
  };

describe("a WebSocket", () => {
  test("passes messages of every kind both ways, with the key on and the 101's lines back", async () => {
    await using upstream = await startWebSocketUpstream({
      headers: [
        "openai-model: gpt-x",
        "x-codex-turn-state: abc",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
      ],
      perMessageDeflate: true,
      onConnection: (socket) =>
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/responses?a=b%5B%5D`, {
      headers: { authorization: "Bearer dummy", "openai-beta": "responses_websockets=2026-02-06" },
      perMessageDeflate: true,
    });
    const answer = once(client, "upgrade");
    await once(client, "open");

    const received: string[] = [];
    for (const message of ["text ☃", Buffer.from([0, 1, 255]), "x".repeat(3_000_000)]) {
      client.send(message);
      const [data] = await once(client, "message");
      received.push(data.toString("latin1").slice(0, 8));
    }
    const pong = once(client, "pong");
    client.ping("hi");

    expect(received).toEqual([
      Buffer.from("text ☃").toString("latin1").slice(0, 8),
      "\0\x01ÿ",
      "xxxxxxxx",
    ]);
    expect(String((await pong)[0])).toBe("hi");
    expect(client.extensions).toContain("permessage-deflate");
    const { url, headers } = upstream.handshakes[0]!;
    expect(url).toBe("/v1/responses?a=b%5B%5D");
    expect(headers.authorization).toBe(`Bearer ${testKey}`);
    expect(headers["openai-beta"]).toBe("responses_websockets=2026-02-06");
    expect(headers.host).toBe(`127.0.0.1:${upstream.port}`);
    const [{ headers: told }] = await answer;
    expect(told).toMatchObject({
      "openai-model": "gpt-x",
      "x-codex-turn-state": "abc",
      "set-cookie": ["a=1", "b=2"],
    });
    client.terminate();
  });

  test.each([
    ["client", 1000, "done"],
    ["client", 3001, ""],
    ["upstream", 1001, "going away"],
    ["upstream", 4999, "x"],
  ])("closed by the %s with %i reaches the other side as it is", async (side, code, reason) => {
    const closed = Promise.withResolvers<[number, string]>();
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => {
        socket.on("close", (seen, why) => closed.resolve([seen, String(why)]));
        if (side === "upstream") socket.close(code, reason);
      },
    });
    await using relay = await startRelay({ upstream: upstream.url });
    const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`);
    const clientClosed = once(client, "close");
    await once(client, "open");

    if (side === "client") client.close(code, reason);

    expect(await closed.promise).toEqual([code, reason]);
    const [seen, why] = await clientClosed;
    expect([seen, String(why)]).toEqual([code, reason]);
    expect(await relay.nextOutcome()).toMatchObject({ ending: "complete", status: 101 });
    expect(relay.live).toBe(0);
  });

  test("is what the SDK's ResponsesWS gets, unchanged", async () => {
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) =>
        socket.on("message", () =>
          socket.send('{"type":"response.created","sequence_number":0,"response":{}}'),
        ),
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const responses = new ResponsesWS(new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "dummy" }));
    const created = new Promise<unknown>((resolve) => responses.on("response.created", resolve));
    responses.socket.on("open", () =>
      responses.send({ type: "response.create", model: "m", input: "x" }),
    );

    expect(await created).toMatchObject({ type: "response.created" });
    expect(upstream.handshakes[0]?.headers.authorization).toBe(`Bearer ${testKey}`);
    responses.close();
  });
});

describe("a refused handshake", () => {
  test("is an HTTP answer with upstream's status, lines and body", async () => {
    await using upstream = await startRawUpstream(
      afterHead((socket) => {
        socket.end(
          'HTTP/1.1 403 Nope\r\nContent-Length: 17\r\nX-Request-Id: r1\r\n\r\n{"error":"is so"}',
        );
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await rawExchange(relay.port, lines());

    expect(answer).toMatch(/^HTTP\/1\.1 403 Nope\r\n/);
    expect(answer).toContain("X-Request-Id: r1\r\n");
    expect(answer).toMatch(/\{"error":"is so"\}$/);
  });

  test("is a 502 when upstream is not there, and a 502 when it breaks off", async () => {
    await using upstream = await startRawUpstream(afterHead((socket) => socket.destroy()));
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    await using broken = await startRelay({ upstream: upstream.url });
    await using refused = await startRelay({ upstream: gone.url });

    expect(await rawExchange(broken.port, lines())).toMatch(/x-relay-error: upstream_reset/);
    expect(await rawExchange(refused.port, lines())).toMatch(/x-relay-error: upstream_refused/);
  });

  test("comes from the relay for a foreign origin, a foreign host, without a token: nothing goes up", async () => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url });
    await using guarded = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_TOKENS: "client-token-1" } },
    );

    const origin = await rawExchange(relay.port, lines("Origin: https://evil.example"));
    const host = await rawExchange(relay.port, lines().replace("localhost", "evil.example"));
    const token = await rawExchange(guarded.port, lines("Sec-WebSocket-Protocol: realtime"));

    expect(origin).toMatch(/^HTTP\/1\.1 403 .*origin_not_allowed/s);
    expect(host).toMatch(/^HTTP\/1\.1 421 .*host_not_allowed/s);
    expect(token).toMatch(/^HTTP\/1\.1 401 .*invalid_relay_token/s);
    expect(upstream.handshakes).toHaveLength(0);
  });

  test("is a 426 at once where WebSockets are turned off", async () => {
    await using upstream = await startWebSocketUpstream();
    await using off = await startRelay({ upstream: upstream.url, websocket: "false" });

    expect(await rawExchange(off.port, lines())).toMatch(/^HTTP\/1\.1 426 .*websocket_disabled/s);
    expect(upstream.handshakes).toHaveLength(0);
  });
});

describe("the key among the subprotocols", () => {
  test.each([
    [
      "realtime, openai-insecure-api-key.dummy, openai-organization.org",
      "realtime, openai-organization.org",
      "realtime",
    ],
    ["openai-insecure-api-key.dummy", undefined, "openai-insecure-api-key.dummy"],
    ["realtime", "realtime", "realtime"],
  ])("%s goes up as %s", async (offered, arrived, chosen) => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`, offered.split(", "));
    await once(client, "open");

    const { headers } = upstream.handshakes[0]!;
    expect(headers["sec-websocket-protocol"]?.replaceAll(",", ", ").replaceAll("  ", " ")).toBe(
      arrived,
    );
    expect(headers.authorization).toBe(`Bearer ${testKey}`);
    expect(client.protocol).toBe(chosen);
    client.terminate();
  });

  test("an ephemeral client secret is left alone, and no key is added", async () => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    const offered = ["realtime", "openai-insecure-api-key.ek_abc"];
    const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`, offered);
    await once(client, "open");

    const { headers } = upstream.handshakes[0]!;
    expect(headers["sec-websocket-protocol"]).toBe(offered.join(","));
    expect(headers).not.toHaveProperty("authorization");
    client.terminate();
  });

  test("a client token there lets in and stays here", async () => {
    await using upstream = await startWebSocketUpstream();
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_TOKENS: "client-token-1" } },
    );

    const offered = ["realtime", "openai-insecure-api-key.client-token-1"];
    const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`, offered);
    await once(client, "open");

    expect(upstream.handshakes[0]?.rawHeaders.join("\n")).not.toContain("client-token-1");
    client.terminate();
  });
});

describe("bytes", () => {
  test("sent along with the handshake, by either side, arrive", async () => {
    const received = Promise.withResolvers<string>();
    await using upstream = await startRawUpstream(
      afterHead((socket) => {
        socket.on("data", (chunk) => received.resolve(String(chunk)));
        socket.write(`${switching}early from upstream`);
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });

    using client = await rawConnection(relay.port, `${lines()}early from client`);

    expect(await received.promise).toBe("early from client");
    expect(await client.until("early from upstream")).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\n/,
    );
  });

  test("wait in the connections when one side does not read, and all arrive afterwards", {
    timeout: 30_000,
  }, async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    await using upstream = await startRawUpstream(
      afterHead((socket) => {
        socket.write(switching);
        const piece = Buffer.alloc(65_536, "x");
        const fill = () => {
          while (written < size) {
            written += piece.length;
            if (!socket.write(piece)) return;
          }
          socket.end();
        };
        socket.on("drain", fill);
        fill();
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    const client = connect(relay.port, "127.0.0.1");
    client.write(lines());
    await once(client, "readable");

    // Full pipes stop taking: the number stands still for several looks in a row.
    let last = -1;
    let still = 0;
    const look = () => {
      still = written === last ? still + 1 : 0;
      last = written;
      return still;
    };
    await expect.poll(look, { timeout: 10_000, interval: 50 }).toBeGreaterThan(5);
    expect(written).toBeLessThan(size / 2);
    let received = -switching.length;
    for await (const chunk of client) received += chunk.length;

    expect(received).toBe(size);
  });
});

describe("endings", () => {
  test("a client that leaves during the handshake ends it at the upstream", async () => {
    const left = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream(
      afterHead((socket) => {
        socket.resume().on("close", () => left.resolve());
        asked.resolve();
      }),
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, lines());
    await asked.promise;

    client.socket.end();

    await left.promise;
    expect(await relay.nextOutcome()).toMatchObject({ ending: "client_left", status: 0 });
  });

  test.each(["client", "upstream"])(
    "a reset by the %s is a reset for the other side",
    async (side) => {
      const upstreamError = Promise.withResolvers<string | undefined>();
      await using upstream = await startRawUpstream(
        afterHead((socket) => {
          socket.on("error", (error: NodeJS.ErrnoException) => upstreamError.resolve(error.code));
          socket.on("end", () => upstreamError.resolve("an orderly end"));
          socket.on("data", (chunk) => {
            if (String(chunk) === "break") socket.resetAndDestroy();
          });
          socket.write(switching);
        }),
      );
      await using relay = await startRelay({ upstream: upstream.url });
      using client = await rawConnection(relay.port, lines());
      await client.until("\r\n\r\n");

      if (side === "client") {
        client.socket.resetAndDestroy();
        expect(await upstreamError.promise).toBe("ECONNRESET");
      } else {
        client.socket.write("break");
        expect((await client.closed()).error).toBe("ECONNRESET");
      }
      expect((await relay.nextOutcome()).ending).toBe(
        side === "client" ? "client_left" : "upstream_broke",
      );
    },
  );

  test("one direction may end while the other still speaks", async () => {
    await using upstream = await startRawUpstream((socket) => {
      socket.allowHalfOpen = true;
      afterHead((joined) => {
        joined.write(switching);
        let got = "";
        joined.on("data", (chunk) => {
          got += chunk;
        });
        joined.on("end", () => joined.end(`after the end: ${got}`));
      })(socket);
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, lines());
    await client.until("\r\n\r\n");

    client.socket.end("last words");

    expect((await client.closed()).text).toMatch(/after the end: last words$/);
  });

  // An executable does not tell how many are open.
  test.skipIf(process.env.RELAY_BIN)(
    "draining tells WebSockets apart and cuts them at its end",
    async () => {
      await using upstream = await startWebSocketUpstream();
      await using relay = await startRelay({ upstream: upstream.url, "timeouts.drain": "100ms" });
      const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`);
      await once(client, "open");
      const closed = once(client, "close");

      expect([relay.live, relay.tunnels]).toEqual([0, 1]);
      await relay.stop();

      expect((await closed)[0]).toBe(1006);
      await expect.poll(() => upstream.sockets[0]?.destroyed).toBe(true);
    },
  );
});

test("Upgrade: h2c is answered as the plain request that it also is", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url });
  const ask = (method: string, rest: string) =>
    `${method} /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n${rest}`;

  const get = await rawExchange(relay.port, ask("GET", "\r\n"));
  const post = await rawExchange(relay.port, ask("POST", "Content-Length: 2\r\n\r\n{}"));

  expect(get).toMatch(/^HTTP\/1\.1 200 /);
  expect(post).toMatch(/^HTTP\/1\.1 200 /);
  expect(upstream.seen.map(({ body }) => String(body))).toEqual(["", "{}"]);
  for (const { headers } of upstream.seen) {
    expect(headers).not.toHaveProperty("upgrade");
    expect(headers).not.toHaveProperty("http2-settings");
  }
});

test("a client that sent something ahead and leaves during the handshake ends it as well", async () => {
  const left = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using upstream = await startRawUpstream(
    afterHead((socket) => {
      socket.resume().on("close", () => left.resolve());
      asked.resolve();
    }),
  );
  await using relay = await startRelay({ upstream: upstream.url });
  using client = await rawConnection(relay.port, `${lines()}early`);
  await asked.promise;

  client.socket.end();

  await left.promise;
  expect((await relay.nextOutcome()).ending).toBe("client_left");
});

test("of several keys among the subprotocols only the ephemeral one travels", async () => {
  await using upstream = await startWebSocketUpstream();
  await using relay = await startRelay(
    { upstream: upstream.url },
    { env: { RELAY_TOKENS: "client-token-1" } },
  );
  const key = "openai-insecure-api-key";

  const offered = ["realtime", `${key}.client-token-1`, `${key}.ek_1`];
  const client = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`, offered);
  await once(client, "open");

  expect(upstream.handshakes[0]?.headers["sec-websocket-protocol"]).toBe(`realtime, ${key}.ek_1`);
  expect(upstream.handshakes[0]?.headers).not.toHaveProperty("authorization");
  client.terminate();
});

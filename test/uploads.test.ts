import { createHash, randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { createConnector } from "../src/upstream/connect.ts";
import { createPool } from "../src/upstream/pool.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { load } from "./support/settings.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Bodies on their way up, and answers that do not wait for them.

const post = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\n";
const megabyte = Buffer.alloc(1_000_000, "x");

/** Writes `times` megabytes as one body, as fast as they are taken. */
async function send(socket: Socket, times: number): Promise<void> {
  for (let i = 0; i < times && !socket.destroyed; i++)
    if (!socket.write(megabyte)) await drained(socket);
}

/** Resolves as well when the socket closes. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

describe("an early answer to an upload", () => {
  const answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
  type Close = (socket: Socket) => void;
  const goodbyes: [string, Close][] = [
    ["closes in order", (socket) => socket.end(answer)],
    ["closes over unread bytes", (socket) => socket.write(answer, () => socket.destroy())],
    ["resets", (socket) => socket.write(answer, () => socket.resetAndDestroy())],
    ["keeps the connection", (socket) => socket.write(answer)],
  ];

  test.each(goodbyes)("reaches the client when upstream %s", async (_, close) => {
    await using upstream = await startRawUpstream((socket) =>
      socket.once("data", () => close(socket.pause())),
    );
    await using relay = await startRelay({ upstream: upstream.url });

    for (let round = 0; round < 5; round++) {
      using client = await rawConnection(relay.port, `${post}Content-Length: 20000000\r\n\r\n`);
      await send(client.socket, 20);
      expect(await client.until("big")).toMatch(/^HTTP\/1\.1 413 Too Large\r\n/);
      expect((await relay.nextOutcome()).ending).toBe("complete");
    }
  });

  test("leaves the client's connection in step for the next request", async () => {
    await using upstream = await startUpstream((req, res) => {
      if (req.method === "GET") res.end("next");
      else res.writeHead(401, { connection: "close", "content-length": "2" }).end("no");
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, `${post}Content-Length: 20000000\r\n\r\n`);

    await send(client.socket, 20);
    client.socket.write("GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");

    expect(await client.until("next")).toMatch(/^HTTP\/1\.1 401 .*HTTP\/1\.1 200 OK\r\n/s);
  });

  test.each([
    [
      "that asked for the end of the connection",
      "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
    ],
    ["of HTTP/1.0", "POST /v1/x HTTP/1.0\r\nHost: localhost\r\n"],
  ])(
    "is not taken back by a reset from a client %s and sends all before it reads",
    async (_, head) => {
      await using upstream = await startUpstream((_req, res) => {
        res.writeHead(429, { connection: "close", "content-length": "4" }).end("slow");
      });
      await using relay = await startRelay({ upstream: upstream.url });
      const socket = connect(relay.port, "127.0.0.1").pause();
      await once(socket, "connect");

      socket.write(`${head}Content-Length: 30000000\r\n\r\n`);
      await send(socket, 30);
      expect(socket.errored).toBeNull();
      const text = await textOf(socket);

      expect(text).toMatch(/^HTTP\/1\.1 429 .*slow$/s);
    },
  );

  test("leaves no connection for the next request on which some of the body still waits", async () => {
    await using upstream = await startRawUpstream((socket) =>
      socket.once("data", () => socket.pause()),
    );
    const { config } = await load({ flags: { upstream: upstream.url } });
    const pool = createPool(upstream.url, config, createConnector(config));
    const connection = pool.take(true);
    const body = new Readable({ read() {} });
    const connected = Promise.withResolvers<Socket>();
    const listen = (message: unknown) => connected.resolve((message as { socket: Socket }).socket);
    subscribe("openai-relay:upstream:connected", listen);

    const ended = new Promise<void>((resolve, failed) => {
      const nothing = () => {};
      const handler = { interim: nothing, head: nothing, data: nothing, switched: nothing, failed };
      const request = { method: "POST", path: "/", headers: [], body, isChunked: true };
      connection.send(request, { ...handler, ended: () => resolve() });
    });
    const socket = await connected.promise;
    unsubscribe("openai-relay:upstream:connected", listen);
    // Until the system takes no more; what then waits is too little for anybody to be held back.
    while (socket.writableLength === 0) {
      body.push(Buffer.alloc(10_000));
      await new Promise(setImmediate);
    }
    body.push(null);
    await once(body, "end");
    for (const each of upstream.sockets)
      each.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    await ended;
    pool.give(connection);

    expect(pool.take(false)).not.toBe(connection);
    pool.close();
  });

  test("may be the relay's own: 502 while the upload goes on", async () => {
    await using relay = await startRelay({ upstream: "http://127.0.0.1:9" });
    using client = await rawConnection(relay.port, `${post}Content-Length: 20000000\r\n\r\n`);

    await send(client.socket, 20);

    await client.until('"code":"upstream_refused"');
    client.socket.write("GET /_relay/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await client.until('{"status":"ok"}');
  });
});

test("an answer may begin, and go on, while the body is on its way", async () => {
  await using upstream = await startUpstream((req, res) => {
    res.writeHead(200);
    req.pipe(res);
  });
  await using relay = await startRelay({ upstream: upstream.url });
  using client = await rawConnection(relay.port, `${post}Transfer-Encoding: chunked\r\n\r\n`);

  for (const word of ["one", "two", "three"]) {
    client.socket.write(`${word.length}\r\n${word}\r\n`);
    await client.until(`\r\n${word}\r\n`);
  }
  client.socket.write("0\r\n\r\n");
  await client.until("\r\n0\r\n\r\n");
});

test("a body is passed on as it comes, not collected", async () => {
  const arrived = Promise.withResolvers<string>();
  await using upstream = await startRawUpstream((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.includes("first")) arrived.resolve(text);
    });
  });
  await using relay = await startRelay({ upstream: upstream.url });

  using _client = await rawConnection(relay.port, `${post}Content-Length: 1000\r\n\r\nfirst`);

  expect(await arrived.promise).toMatch(/\r\nContent-Length: 1000\r\n.*\r\n\r\nfirst$/s);
});

test("trailers of a request stay here", async () => {
  const begun = Promise.withResolvers<void>();
  await using upstream = await startRawUpstream((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.includes("hi")) begun.resolve();
      if (text.endsWith("0\r\n\r\n"))
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    });
  });
  await using relay = await startRelay({ upstream: upstream.url });
  using client = await rawConnection(
    relay.port,
    `${post}Trailer: Authorization\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`,
  );

  await begun.promise;
  client.socket.write("0\r\nAuthorization: Bearer evil\r\nX-Sum: 1\r\n\r\n");

  const text = await client.until("0\r\n\r\n");
  expect(text).not.toMatch(/evil|X-Sum|Trailer/i);
  expect(text).toMatch(/\r\n2\r\nhi\r\n0\r\n\r\n$/);
});

describe("an upload that does not come to its end", () => {
  const framings = ["Content-Length: 1000", "Transfer-Encoding: chunked"];

  test.each(framings)("(%s) is never whole for upstream", async (framing) => {
    const closed = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        if (text.includes("hello")) begun.resolve();
      });
      socket.on("close", () => closed.resolve(text));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, `${post}${framing}\r\n\r\n5\r\nhello\r\n`);

    await begun.promise;
    client.socket.destroy();

    expect(await closed.promise).not.toMatch(/\r\n0\r\n/);
    expect(await relay.nextOutcome()).toMatchObject({ ending: "client_left", status: 0 });
  });

  test("breaks off for upstream when its chunks are malformed", async () => {
    const closed = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        if (text.includes("hello")) begun.resolve();
      });
      socket.on("close", () => closed.resolve(text));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(
      relay.port,
      `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    );

    await begun.promise;
    client.socket.write("zz\r\nevil\r\n0\r\n\r\n");

    expect(await closed.promise).not.toMatch(/evil|\r\n0\r\n/);
  });

  test("gets 408 after timeouts.upload without a byte", async () => {
    await using upstream = await startRawUpstream((socket) => socket.resume());
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.upload": "200ms" });
    using client = await rawConnection(relay.port, `${post}Content-Length: 1000\r\n\r\nhello`);

    expect(await client.until('"code":"request_timeout"')).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("is not called late while upstream is the one that does not read", async () => {
    const size = 40_000_000;
    await using upstream = await startRawUpstream((socket) => {
      let received = 0;
      socket.on("data", (chunk) => {
        received += chunk.length;
        if (received > size) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nread");
      });
      socket.pause();
      setTimeout(() => socket.resume(), 1_500);
    });
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.upload": "500ms" });
    using client = await rawConnection(relay.port, `${post}Content-Length: ${size}\r\n\r\n`);

    await send(client.socket, 40);

    expect(await client.until("read")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

test("uploads of many sizes and framings are the same bytes", async () => {
  await using upstream = await startUpstream(async (req, res: ServerResponse) => {
    const hash = createHash("sha256");
    for await (const chunk of req) hash.update(chunk);
    res.end(hash.digest("hex"));
  });
  await using relay = await startRelay({ upstream: upstream.url });

  for (const size of [1, 1023, 65_535, 65_536, 65_537, 200_001, 3_000_000]) {
    const bytes = randomBytes(size);
    const expected = createHash("sha256").update(bytes).digest("hex");
    const pieces = async function* () {
      for (let at = 0; at < size; at += 60_000) yield bytes.subarray(at, at + 60_000);
    };
    for (const body of [bytes, ReadableStream.from(pieces())]) {
      const init = { method: "POST", body, duplex: "half" };
      const answer = await fetch(`${relay.url}/v1/files`, init as RequestInit);
      expect(await answer.text()).toBe(expected);
    }
  }
});

describe("while the key is being looked up", () => {
  const env = { RELAY_KEY_COMMAND: '["/bin/sh", "-c", "/bin/sleep 0.3; echo sk-late"]' };

  test("a client that leaves ends nothing but its own call", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url }, { env });
    {
      using _gone = await rawConnection(relay.port, `${post}Content-Length: 1000\r\n\r\nhello`);
    }
    expect((await relay.nextOutcome()).ending).toBe("client_left");

    expect((await fetch(`${relay.url}/v1/models`)).status).toBe(200);
    expect(upstream.seen.length).toBe(1);
  });

  test("a body that grows too large is 413, and nothing goes up", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, "limits.body": "1kb" }, { env });
    using client = await rawConnection(
      relay.port,
      `${post}Transfer-Encoding: chunked\r\n\r\n800\r\n${"x".repeat(2048)}\r\n`,
    );

    expect(await client.until('"code":"body_too_large"')).toMatch(/^HTTP\/1\.1 413 /);
    expect(upstream.seen).toEqual([]);
  });
});

async function textOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

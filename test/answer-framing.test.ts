import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get, lastGet, relayed } from "./support/relayed.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Where an answer ends: as upstream said it, in words that the client's version of HTTP has.

describe("framing", () => {
  test("Content-Length stays, with an encoded body and its ETag untouched", async () => {
    const body = gzipSync("x".repeat(10_000));
    await using upstream = await startUpstream((_req, res) => {
      res.sendDate = false;
      res.writeHead(200, [
        "Content-Encoding",
        "gzip",
        "ETag",
        '"1"',
        "Content-Length",
        `${body.length}`,
      ]);
      res.end(body);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const text = await rawExchange(relay.port, lastGet);

    expect(text).toBe(
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "1"\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.toString("latin1")}`,
    );
    expect(upstream.seen[0]?.headers["accept-encoding"]).toBeUndefined();
  });

  test("chunked stays chunked", async () => {
    const text = await relayed(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\n\r\n",
    );

    expect(text).toBe(
      "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
  });

  test("an empty chunked answer is one", async () => {
    const text = await relayed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");

    expect(text).toMatch(/\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$/);
  });

  test.each([
    ["HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nhello", "an answer that the end of the connection ends"],
    ["HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nhello", "an answer in HTTP/1.0"],
  ])("%j arrives whole, with an end that can be seen", async (answer) => {
    const text = await relayed(answer, lastGet, true);

    expect(text).toBe(
      "HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
  });

  test.each([
    [
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    ],
    [
      "Content-Length: 5\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    ],
  ])(
    "a client of HTTP/1.0 gets %j without chunks, and the end of the connection",
    async (answer, expected) => {
      const text = await relayed(
        `HTTP/1.1 200 OK\r\n${answer}`,
        "GET /v1/x HTTP/1.0\r\nHost: localhost\r\n\r\n",
      );

      expect(text).toBe(expected);
    },
  );

  test("trailers pass as trailers, with every byte", async () => {
    const text = await relayed(
      "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: \xe9\r\nx-sum: 2\r\nConnection: x\r\n\r\n",
    );

    expect(text).toMatch(/\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: \xe9\r\nx-sum: 2\r\n\r\n$/);
  });

  test("trailers that would frame the message do not", async () => {
    const text = await relayed(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nContent-Length: 7\r\nX-Sum: 1\r\n\r\n",
    );

    expect(text).toMatch(/\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  });

  test("Trailer beside Content-Length does no harm", async () => {
    const text = await relayed("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nhi");

    expect(text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  });

  test.each([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi"],
    [
      "length, then chunked",
      "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ],
    [
      "chunked, then length",
      "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ],
    [
      "a coding that nobody asked for",
      "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ],
    ["a coding without an end", "Transfer-Encoding: gzip\r\n\r\nhi"],
    ["a NUL in a value", "X-A: a\0b\r\nContent-Length: 2\r\n\r\nhi"],
    ["a space in a name", "X A: b\r\nContent-Length: 2\r\n\r\nhi"],
    ["a length that is none", "Content-Length: -2\r\n\r\nhi"],
  ])("%s: 502 upstream_bad_response", async (_, lines) => {
    const text = await relayed(`HTTP/1.1 200 OK\r\n${lines}`, lastGet, true);

    expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(text).toContain("\r\nx-relay-error: upstream_bad_response\r\n");
  });
});

describe("answers without a body", () => {
  const alive = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

  test.each([
    [
      "HEAD",
      "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nETag: x\r\n\r\n",
      "Content-Length: 12345\r\nETag: x\r\n",
    ],
    ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: x\r\n\r\n", "ETag: x\r\n"],
    ["HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n", "Content-Length: 99\r\n"],
    [
      "GET",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\nETag: x\r\n\r\n",
      "Content-Length: 20\r\nETag: x\r\n",
    ],
    ["GET", "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", "ETag: x\r\n"],
    ["DELETE", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", "X-A: 1\r\n"],
    ["DELETE", "HTTP/1.1 204 No Content\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n", "X-A: 1\r\n"],
    [
      "DELETE",
      "HTTP/1.1 204 No Content\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "X-A: 1\r\n",
    ],
  ])("%s and %j: the head alone, and the connection goes on", async (method, answer, lines) => {
    const answers = [answer, alive];
    await using upstream = await startRawUpstream((socket) => {
      socket.on("data", () => socket.write(answers.shift() ?? ""));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(
      relay.port,
      `${method} /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );

    const first = await client.until("\r\n\r\n");
    client.socket.write(lastGet);
    const { text } = await client.closed();

    const status = answer.slice(0, answer.indexOf("\r\n") + 2);
    expect(first).toBe(`${status}${lines}Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n`);
    expect(text.slice(first.length)).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    );
    expect(relay.outcomes.map(({ ending }) => ending)).toEqual(["complete", "complete"]);
  });

  test("a body that upstream sends after a 304 is nobody's answer", async () => {
    const surplus = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    const answers = [`HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\n\r\n${surplus}`, alive];
    await using upstream = await startRawUpstream((socket) => {
      socket.on("data", () => socket.write(answers.shift() ?? ""));
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    await client.until("\r\n\r\n");
    client.socket.write(lastGet);

    expect((await client.closed()).text).toMatch(
      /304 Not Modified.*\r\n\r\nHTTP\/1.1 200 OK.*\r\n\r\nhi$/s,
    );
  });
});

describe("interim answers", () => {
  test.each([
    ["102 Processing", "X-A: 1\r\n"],
    ["103 Early Hints", "Link: </a.css>; rel=preload\r\nlink: </b.css>\r\nX-Latin: \xe9\r\n"],
    ["199 ", ""],
  ])("%s passes at once, before the answer", async (status, lines) => {
    const seen = Promise.withResolvers<void>();
    await using upstream = await startRawUpstream((socket) => {
      socket.once("data", async () => {
        socket.write(`HTTP/1.1 ${status}\r\n${lines}\r\n`, "latin1");
        await seen.promise;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, lastGet);

    expect(await client.until("\r\n\r\n")).toBe(`HTTP/1.1 ${status}\r\n${lines}\r\n`);
    seen.resolve();
    expect((await client.closed()).text).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n.*hi$/s);
  });

  test("not to a client of HTTP/1.0", async () => {
    const text = await relayed(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
      "GET /v1/x HTTP/1.0\r\nHost: localhost\r\n\r\n",
    );

    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test("an unasked 100 passes like any other (RFC 9110 section 15.2)", async () => {
    const interim = "HTTP/1.1 100 Continue\r\n\r\n";
    const text = await relayed(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi`);

    expect(text.startsWith(`${interim}HTTP/1.1 200 OK\r\n`)).toBe(true);
  });
});

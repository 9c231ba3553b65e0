import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startFixedUpstream, startRawUpstream, startUpstream } from "./support/upstream.ts";

// What upstream answers is what the client gets, byte for byte (the contract).

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
const last = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** All that a client reads, when upstream answers with `answer`. */
async function relayed(answer: string, request = last, close = false): Promise<string> {
  await using upstream = await startFixedUpstream(answer, { close });
  await using relay = await startRelay({ upstream: upstream.url });
  return await rawExchange(relay.port, request);
}

describe("status line", () => {
  const statuses = [200, 201, 202, 203, 206, 226, 300, 301, 302, 303, 305, 307, 308, 400, 401, 403];
  const more = [
    404, 405, 409, 413, 418, 422, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 529,
  ];
  test.each([...statuses, ...more, 599])("%i passes with its body", async (status) => {
    const body = '{"error":{"message":"of upstream","type":"x","param":null,"code":null}}';
    const head = `HTTP/1.1 ${status} Reason\r\nContent-Type: application/json\r\n`;

    const text = await relayed(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);

    expect(text).toBe(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  });

  test.each([
    ["one of its own", "Slow Down"],
    ["none", ""],
    ["UTF-8", "Ol\xc3\xa9"],
    ["tabs and signs", "a\tb !#$%&'*+-.^_`|~"],
  ])("the reason phrase passes: %s", async (_, reason) => {
    const text = await relayed(`HTTP/1.1 200 ${reason}\r\nContent-Length: 0\r\n\r\n`);

    expect(text.slice(0, text.indexOf("\r\n"))).toBe(`HTTP/1.1 200 ${reason}`);
  });

  test("a reason phrase in latin-1 costs nobody the answer", async () => {
    const text = await relayed("HTTP/1.1 404 Introuvabl\xe9\r\nContent-Length: 2\r\n\r\nhi");

    expect(text).toBe("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  });

  test("an answer that comes byte by byte is the same answer", async () => {
    const answer =
      "HTTP/1.1 404 Not Found\r\nX-Empty: \r\nX-Two: a, b\r\nContent-Length: 2\r\n\r\nhi";
    await using upstream = await startRawUpstream((socket) => {
      socket.setNoDelay().once("data", async () => {
        for (const byte of answer) await new Promise((sent) => socket.write(byte, sent));
      });
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const text = await rawExchange(relay.port, last);

    expect(text.split("\r\n").slice(1)).toEqual(
      "\r\nX-Empty: \r\nX-Two: a, b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
        .split("\r\n")
        .slice(1),
    );
    expect(text).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("header lines", () => {
  test("keep name, case, order, number and every byte; nothing is added but the connection's own", async () => {
    const lines = [
      "date: Mon, 01 Jan 2024 00:00:00 GMT",
      "Server: cloudflare",
      "x-Dup: 1",
      "Set-Cookie: a=1; Path=/",
      "X-DUP: 2",
      "set-cookie: b=2",
      "x-dup: 1",
      "Set-Cookie: a=1; Path=/",
      "X-Empty: ",
      "X-Latin: caf\xe9 \x80\xff",
      "X-UTF-8: caf\xc3\xa9",
      'X-Quotes: "a,b" ; c="\\""',
      'Content-Disposition: attachment; filename="na\xefve.txt"',
      "WWW-Authenticate: Bearer realm=x",
      "x-request-id: req_1",
      "retry-after-ms: 17",
      "x-should-retry: true",
      "x-ratelimit-remaining-tokens: 0",
      "Via: 1.1 google",
      "Access-Control-Allow-Origin: *",
      "Content-Length: 2",
    ].join("\r\n");

    const text = await relayed(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\nhi`);

    expect(text).toBe(`HTTP/1.1 200 OK\r\n${lines}\r\nConnection: close\r\n\r\nhi`);
  });

  test("hop-by-hop lines, those that Connection names, Alt-Svc and HSTS stay here", async () => {
    const head = [
      "HTTP/1.1 200 OK",
      "Connection: keep-alive, X-Mine ,, x-other",
      "connection: X-Third",
      "Keep-Alive: timeout=3",
      "X-Mine: 1",
      "X-Other: 1",
      "x-third: 1",
      "Proxy-Authenticate: Basic",
      "Proxy-Connection: keep-alive",
      "TE: trailers",
      "Trailer: X-T",
      "Upgrade: h2c",
      'Alt-Svc: h3=":443"',
      "Strict-Transport-Security: max-age=1",
      "X-Stays: 1",
      "Content-Length: 2",
    ].join("\r\n");

    const text = await relayed(`${head}\r\n\r\nhi`);

    expect(text).toBe(
      "HTTP/1.1 200 OK\r\nX-Stays: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    );
  });

  test("Connection cannot take the framing away", async () => {
    const text = await relayed(
      "HTTP/1.1 200 OK\r\nConnection: Content-Length, Content-Type\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi",
    );

    expect(text).toContain("Content-Type: a/b\r\nContent-Length: 2\r\n");
  });

  test("a keep-alive answer says how long the relay keeps the connection, not upstream", async () => {
    await using upstream = await startFixedUpstream(
      "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
    );
    await using relay = await startRelay({ upstream: upstream.url });
    using client = await rawConnection(relay.port, get);

    expect(await client.until("hi")).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\nhi",
    );
  });

  test("60 KB of header lines pass, one of them of 20 KB", async () => {
    const lines = [`X-Long: ${"l".repeat(20_000)}`];
    for (let i = 0; i < 400; i++) lines.push(`X-Many-${i}: ${"m".repeat(85)}`);
    lines.push("Content-Length: 2");

    const text = await relayed(`HTTP/1.1 200 OK\r\n${lines.join("\r\n")}\r\n\r\nhi`);

    expect(text).toBe(`HTTP/1.1 200 OK\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\nhi`);
  });

  test("what the relay knows of redirects is how to pass them on", async () => {
    const text = await relayed(
      "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://elsewhere.example/x\r\nContent-Length: 0\r\n\r\n",
    );

    expect(text).toContain("307 Temporary Redirect\r\nLocation: https://elsewhere.example/x\r\n");
  });
});

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

    const text = await rawExchange(relay.port, last);

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
    const text = await relayed(answer, last, true);

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
    const text = await relayed(`HTTP/1.1 200 OK\r\n${lines}`, last, true);

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
    client.socket.write(last);
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
    client.socket.write(last);

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
    using client = await rawConnection(relay.port, last);

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

  test("an unasked 100 ends the exchange with 502: a known limit of undici", async () => {
    const text = await relayed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    );

    expect(text).toMatch(/^HTTP\/1\.1 502 .*x-relay-error: upstream_bad_response\r\n/s);
  });
});

test("answers of many sizes are the same bytes", async () => {
  await using upstream = await startUpstream((req, res) => {
    res.end(Buffer.alloc(Number(req.url!.slice("/v1/".length)), "0123456789abcdef"));
  });
  await using relay = await startRelay({ upstream: upstream.url });

  for (const size of [0, 1, 1023, 16_384, 65_535, 65_536, 65_537, 131_073, 1_000_003]) {
    const body = Buffer.from(await (await fetch(`${relay.url}/v1/${size}`)).arrayBuffer());
    expect(body.length).toBe(size);
    expect(sha256(body)).toBe(sha256(Buffer.alloc(size, "0123456789abcdef")));
  }
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

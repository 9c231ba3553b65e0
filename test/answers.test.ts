import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { get, lastGet, relayed } from "./support/relayed.ts";
import { startFixedUpstream, startRawUpstream, startUpstream } from "./support/upstream.ts";

// What upstream answers is what the client gets, byte for byte (the contract).

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

  test("a reason phrase in latin-1 passes byte for byte", async () => {
    const text = await relayed("HTTP/1.1 404 Introuvabl\xe9\r\nContent-Length: 2\r\n\r\nhi");

    expect(text).toMatch(/^HTTP\/1\.1 404 Introuvabl\xe9\r\nContent-Length: 2\r\n.*\r\n\r\nhi$/s);
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

    const text = await rawExchange(relay.port, lastGet);

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

import { describe, expect, test } from "vitest";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

// Redirects to hosts that the user named are followed; everything else is the client's to follow.

const path = "/v1/files/f/content";

function request(method: string, lines = "", body = ""): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\n${body}`;
}

describe("followed", () => {
  test("five times at most", async () => {
    await using upstream = await startUpstream((req, res) => {
      const hop = Number(/hop=(\d+)/.exec(req.url!)?.[1] ?? 0);
      res.writeHead(302, { location: `/next?hop=${hop + 1}` }).end();
    });
    await using relay = await startRelay({ upstream: upstream.url, followRedirects: "127.0.0.1" });

    const text = await rawExchange(relay.port, request("GET"));

    expect(text).toMatch(/^HTTP\/1\.1 302 Found\r\nlocation: \/next\?hop=6\r\n/);
    expect(upstream.seen.map(({ url }) => url)).toEqual([
      path,
      ...[1, 2, 3, 4, 5].map((hop) => `/next?hop=${hop}`),
    ]);
  });

  test("without what names the client, under any name, and not with it when the way leads back", async () => {
    await using upstream = await startUpstream((req, res) => {
      if (req.url === path) res.writeHead(307, { location: "/blob" }).end();
      else res.end("the file");
    });
    await using relay = await startRelay({
      upstream: upstream.url,
      followRedirects: "127.0.0.1",
      authHeader: "x-key",
      project: "proj_x",
    });

    const text = await rawExchange(relay.port, request("GET", "OpenAI-Beta: a\r\nAccept: b\r\n"));

    expect(text).toMatch(/the file$/);
    const [first, second] = upstream.seen;
    expect(first!.headers).toMatchObject({ "openai-project": "proj_x", "openai-beta": "a" });
    expect(second!.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: "keep-alive",
      accept: "b",
    });
  });

  test("and broken off when the client leaves on the way", async () => {
    const asked = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    await using storage = await startUpstream((req) => {
      asked.resolve();
      req.socket.on("close", () => closed.resolve());
    });
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(302, { location: `${storage.url}/blob` }).end("a body that nobody wants");
    });
    await using relay = await startRelay({ upstream: upstream.url, followRedirects: "127.0.0.1" });
    {
      using _client = await rawConnection(relay.port, request("GET"));
      await asked.promise;
    }

    await closed.promise;
    expect((await relay.nextOutcome()).ending).toBe("client_left");
  });
});

describe("passed on", () => {
  test.each([
    ["a POST", "POST", "Content-Length: 2\r\n", "{}", "http://127.0.0.1:9/"],
    ["a GET with a body", "GET", "Content-Length: 2\r\n", "{}", "http://127.0.0.1:9/"],
    ["a host that was not named", "GET", "", "", "https://elsewhere.example/"],
    ["a named host without TLS", "GET", "", "", "http://files.example/"],
    ["a location that is none", "GET", "", "", "https://[/"],
    ["another protocol", "GET", "", "", "ftp://files.example/"],
  ])("%s", async (_, method, lines, body, location) => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(302, { location }).end();
    });
    await using relay = await startRelay({
      upstream: upstream.url,
      followRedirects: "127.0.0.1,files.example",
    });

    const text = await rawExchange(relay.port, request(method, lines, body));

    expect(text).toContain(`HTTP/1.1 302 Found\r\nlocation: ${location}\r\n`);
  });
});

test("headViaGet asks for one byte, whatever range the client names, and reads no more than the head", async () => {
  const closed = Promise.withResolvers<void>();
  await using upstream = await startUpstream((req, res) => {
    req.socket.on("close", () => closed.resolve());
    // It knows no ranges, and has no end.
    res.writeHead(200, { "content-type": "video/mp4" });
    res.write("x");
  });
  await using relay = await startRelay({ upstream: upstream.url, headViaGet: true });

  const text = await rawExchange(
    relay.port,
    request("HEAD", 'range: bytes=5-9\r\nIf-Range: "x"\r\n'),
  );
  await closed.promise;

  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: video\/mp4\r\n/);
  const [seen] = upstream.seen;
  expect([seen!.method, seen!.headers.range, seen!.headers["if-range"]]).toEqual([
    "GET",
    "bytes=0-0",
    undefined,
  ]);
});

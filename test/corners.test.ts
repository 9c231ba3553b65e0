import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { runCommand } from "./support/command.ts";
import { rawExchange } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// What was once wrong in places where few would look.

const get = (path: string, ...lines: string[]) =>
  `${["GET", path, "HTTP/1.1"].join(" ")}\r\n${["Host: localhost", "Connection: close", ...lines].join("\r\n")}\r\n\r\n`;

test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
  "/_relay/%s is not found",
  async (name) => {
    await using relay = await startRelay({ mock: "true" });

    expect(await rawExchange(relay.port, get(`/_relay/${name}`))).toMatch(/^HTTP\/1\.1 404 /);
  },
);

test("health answers when the relay is full, and GET and HEAD alone", async () => {
  await using relay = await startRelay({ mock: "true", "limits.requests": "1" });

  expect((await fetch(`${relay.url}/_relay/health`)).status).toBe(200);
  expect((await fetch(`${relay.url}/_relay/health`, { method: "POST" })).status).toBe(405);
});

test("a client token in api-key stays here, whatever header carries the key", async () => {
  await using upstream = await startUpstream();
  const env = { RELAY_TOKENS: "client-token-1" };
  await using relay = await startRelay(
    { upstream: upstream.url, authHeader: "x-api-key" },
    { env },
  );

  await rawExchange(relay.port, get("/v1/x", "api-key: client-token-1"));

  expect(upstream.seen[0]?.headers["x-api-key"]).toBe(testKey);
  expect(upstream.seen[0]?.rawHeaders.join("\n")).not.toContain("client-token-1");
});

test.each(["x+key", "x*key"])(
  "a redirect takes the key of the header %s nowhere",
  async (authHeader) => {
    await using storage = await startUpstream();
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(302, { location: `${storage.url}/file` }).end();
    });
    await using relay = await startRelay({
      upstream: upstream.url,
      authHeader,
      followRedirects: [`127.0.0.1:${storage.port}`],
    });

    await fetch(`${relay.url}/v1/files/f/content`);

    expect(storage.seen[0]?.rawHeaders.join("\n")).not.toContain(testKey);
  },
);

test.each(["101 Switching Protocols", "099 Nothing"])(
  "an upstream that answers %s unasked gave a bad response",
  async (status) => {
    await using upstream = await startRawUpstream((socket) => {
      socket.once("data", () => socket.write(`HTTP/1.1 ${status}\r\n\r\n`));
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await rawExchange(relay.port, get("/v1/x"));

    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
    expect(answer).toContain("x-relay-error: upstream_");
  },
);

describe("rewrite", () => {
  test("cannot put dot segments together", async () => {
    await using upstream = await startUpstream();
    const rules = [{ path: "/openai*", to: { path: "/v1/*" } }];
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_REWRITE: JSON.stringify(rules) } },
    );

    expect(await rawExchange(relay.port, get("/openai../secret"))).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.connections).toBe(0);
  });

  test.each(["TRACE", "connect"])("cannot make a request %s", async (method) => {
    const rules = [{ path: "/a", to: { method } }];
    const env = { RELAY_REWRITE: JSON.stringify(rules) };

    const { code, stderr } = await runCommand(["config", "show"], { env });

    expect(code).toBe(3);
    expect(stderr).toContain("rewrite");
  });

  test("of GET to HEAD never makes an announced body look whole", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200, { "content-length": 10 }).end();
    });
    const rules = [{ method: "GET", path: "/v1/a", to: { method: "HEAD" } }];
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_REWRITE: JSON.stringify(rules) } },
    );

    await rawExchange(relay.port, get("/v1/a"));

    expect((await relay.nextOutcome()).ending).toBe("upstream_broke");
  });
});

test("allowPaths knows that /v1 may be left out", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({ upstream: upstream.url, allowPaths: ["/v1/models"] });

  expect((await fetch(`${relay.url}/models`)).status).toBe(200);
  expect((await fetch(`${relay.url}/files`)).status).toBe(404);
});

test.each(["POST /v1/../x HTTP/1.1", "TRACE /v1/x HTTP/1.1"])(
  "%s with a body: a client that sends all of it before it reads gets the refusal",
  async (line) => {
    await using relay = await startRelay({ mock: "true" });
    const client = connect(relay.port, "127.0.0.1").pause();
    const size = 8_000_000;
    client.write(`${line}\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`);

    await new Promise<void>((resolve, reject) => {
      client.write(Buffer.alloc(size, "x"), (error) => (error ? reject(error) : resolve()));
    });
    let answer = "";
    for await (const chunk of client) answer += chunk;

    expect(answer).toMatch(/^HTTP\/1\.1 40[05] /);
  },
);

import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { operations } from "../src/conformance/operations.ts";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { type Seen, startUpstream } from "./support/upstream.ts";

// What the relay before this one did, row by row. The names of the groups are the rows.

function values({ rawHeaders }: Seen, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name);
}

describe("any /v1/* method and path, with its query; overrides; with or without /v1", () => {
  test.each([
    ["/v1/models", "/v1/models"],
    ["/models", "/v1/models"],
    ["/v1", "/v1"],
    ["/v1?x=1", "/v1?x=1"],
    ["/v1x/models", "/v1/v1x/models"],
    [
      "/v1/files?after=a%2Fb&tag%5B%5D=x&tag%5B%5D=y",
      "/v1/files?after=a%2Fb&tag%5B%5D=x&tag%5B%5D=y",
    ],
    ["/v1/not/known/yet?", "/v1/not/known/yet?"],
    ["/v1//double//slash/", "/v1//double//slash/"],
  ])("%s arrives as %s", async (asked, arrived) => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    await rawExchange(
      relay.port,
      `GET ${asked} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );

    expect(upstream.seen[0]?.url).toBe(arrived);
  });

  test.each([
    ["/v1", "/v1/models", "/v1/models"],
    ["/v1/", "/models", "/v1/models"],
    ["/openai/v1", "/v1/models?a=b", "/openai/v1/models?a=b"],
    ["/openai/v1", "/models", "/openai/v1/models"],
    ["/proxy", "/v1/models", "/proxy/v1/models"],
    ["/proxy/", "/models", "/proxy/models"],
  ])("an upstream with the path %s gets %s as %s", async (prefix, asked, arrived) => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url + prefix });

    await fetch(relay.url + asked);

    expect(upstream.seen[0]?.url).toBe(arrived);
  });

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND"])(
    "%s goes up as it is",
    async (method) => {
      await using upstream = await startUpstream();
      await using relay = await startRelay({ upstream: upstream.url });

      await rawExchange(
        relay.port,
        `${method} /v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );

      expect(upstream.seen[0]?.method).toBe(method);
    },
  );

  test("rewrite replaces methods and paths and keeps the query", async () => {
    await using upstream = await startUpstream();
    const rules = [
      { method: "POST", path: "/v1/responses:stream", to: { path: "/v1/responses" } },
      { path: "/v1/old/*", to: { method: "post", path: "/v1/new/*" } },
    ];
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { RELAY_REWRITE: JSON.stringify(rules) } },
    );

    await fetch(`${relay.url}/v1/responses:stream?x=1`, { method: "POST", body: "{}" });
    await fetch(`${relay.url}/v1/old/a/b?y=%20`);
    await fetch(`${relay.url}/v1/responses:stream`);

    expect(upstream.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /v1/responses?x=1",
      "POST /v1/new/a/b?y=%20",
      "GET /v1/responses:stream",
    ]);
  });
});

describe("SSE: every answer streams, nothing is detected", () => {
  test.each([
    ["/v1/responses", "text/event-stream"],
    ["/v1/chat/completions:stream", "text/event-stream"],
    ["/v1/anything", "application/json"],
  ])("%s with %s reaches the client while the upstream is still talking", async (path, type) => {
    const silence = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (_req, res) => {
      res.writeHead(200, { "content-type": type });
      res.write("data: one\n\n");
      await silence.promise;
      res.end("data: two\n\n");
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(relay.url + path, { method: "POST", body: "{}" });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();

    expect((await reader.read()).value).toBe("data: one\n\n");
    silence.resolve();
    expect((await reader.read()).value).toBe("data: two\n\n");
  });
});

describe("request headers filtered by the rules of RFC 9110", () => {
  test("host, connection, sec-* and hop-by-hop lines stay here, the rest passes in order", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    await rawExchange(
      relay.port,
      [
        "GET /v1/models HTTP/1.1",
        "Host: localhost",
        "X-First: 1",
        "Connection: close, X-Hop",
        "X-Hop: secret",
        "Keep-Alive: timeout=5",
        "Proxy-Authorization: Basic eA==",
        "TE: trailers",
        "Trailer: X-T",
        "Sec-Fetch-Mode: cors",
        "Cookie: a=b",
        "Forwarded: for=1.2.3.4",
        "X-Forwarded-For: 1.2.3.4",
        "X-Relay-Tag: ci",
        "X-Dup: a",
        "x-dup: b",
        "Idempotency-Key: k",
        "",
        "",
      ].join("\r\n"),
    );

    const { rawHeaders, headers } = upstream.seen[0]!;
    expect(headers.host).toBe(`127.0.0.1:${upstream.port}`);
    const rest = rawHeaders.slice(4);
    expect(rest).toEqual(
      ["X-First", "1", "X-Dup", "a", "x-dup", "b", "Idempotency-Key", "k"].concat(
        "Authorization",
        `Bearer ${testKey}`,
      ),
    );
  });
});

describe("response headers filtered; encodings pass untouched", () => {
  test("a gzip answer arrives as the bytes and the length that upstream sent", async () => {
    const zipped = gzipSync('{"ok":true}');
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200, {
        "content-encoding": "gzip",
        "content-length": zipped.length,
        "alt-svc": 'h3=":443"',
        "strict-transport-security": "max-age=1",
      });
      res.end(zipped);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await rawExchange(
      relay.port,
      "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    const [head, body] = [
      answer.split("\r\n\r\n")[0]!,
      answer.slice(answer.indexOf("\r\n\r\n") + 4),
    ];

    expect(Buffer.from(body, "latin1").equals(zipped)).toBe(true);
    expect(head).toMatch(new RegExp(`content-length: ${zipped.length}`, "i"));
    expect(head).toMatch(/content-encoding: gzip/i);
    expect(head).not.toMatch(/alt-svc|strict-transport-security|transfer-encoding/i);
  });
});

describe("Authorization replaced by the relay's key; key from env, file, command; admin key", () => {
  test("the client's Authorization is replaced, never appended", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    await rawExchange(
      relay.port,
      "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer one\r\nAUTHORIZATION: two\r\nConnection: close\r\n\r\n",
    );

    expect(values(upstream.seen[0]!, "authorization")).toEqual([`Bearer ${testKey}`]);
  });

  test("without a key the call gets 401 key_missing and nothing goes up", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { OPENAI_API_KEY: "" } },
    );

    const answer = await fetch(`${relay.url}/v1/models`);

    expect(answer.status).toBe(401);
    expect(answer.headers.get("x-relay-error")).toBe("key_missing");
    expect(((await answer.json()) as { error: { code: string } }).error.code).toBe("key_missing");
    expect(upstream.connections).toBe(0);
  });

  test("a key file and a key command serve as well, read once", async () => {
    const dir = await mkdtemp(join(tmpdir(), "relay-key-"));
    const file = join(dir, "key");
    await writeFile(file, "sk-from-file\n", { mode: 0o600 });
    await using upstream = await startUpstream();
    {
      await using relay = await startRelay({ upstream: upstream.url, keyFile: file });
      await fetch(`${relay.url}/v1/models`);
    }
    const command = join(dir, "command.cjs");
    await writeFile(
      command,
      `require("fs").appendFileSync(${JSON.stringify(join(dir, "runs"))}, "x"); console.log("sk-from-command")`,
    );
    {
      await using relay = await startRelay(
        { upstream: upstream.url },
        { env: { RELAY_KEY_COMMAND: `${process.execPath}\n${command}` } },
      );
      await Promise.all([1, 2, 3].map(() => fetch(`${relay.url}/v1/models`)));
    }

    const keys = upstream.seen.map((seen) => seen.headers.authorization);
    expect(keys).toEqual(["Bearer sk-from-file", ...Array(3).fill("Bearer sk-from-command")]);
    expect(readFileSync(join(dir, "runs"), "utf8")).toBe("x");
    await rm(dir, { recursive: true });
  });

  test("a key command finds no key and no client token in its environment", async () => {
    await using upstream = await startUpstream();
    const names = ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "RELAY_TOKENS", "PATH"];
    const script = `console.log(${JSON.stringify(names)}.filter((name) => process.env[name]).join("+"))`;
    const env = {
      ...{ OPENAI_API_KEY: "sk-a", OPENAI_ADMIN_KEY: "sk-b", RELAY_TOKENS: "one-of-its-tokens" },
      ...{
        PATH: process.env.PATH,
        RELAY_KEY_COMMAND: JSON.stringify([process.execPath, "-e", script]),
      },
    };
    await using relay = await startRelay({ upstream: upstream.url }, { env });

    await fetch(`${relay.url}/v1/models`, { headers: { "x-relay-token": "one-of-its-tokens" } });

    expect(upstream.seen[0]?.headers.authorization).toBe("Bearer PATH");
  });

  test("the 146 admin operations, and only they, get the admin key", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { OPENAI_ADMIN_KEY: "sk-admin-key" } },
    );

    for (const { method, path } of operations)
      await fetch(`${relay.url}/v1${path.replaceAll(/\{\w+\}/g, "id")}`, { method });

    const gotAdmin = upstream.seen.map(
      (seen) => seen.headers.authorization === "Bearer sk-admin-key",
    );
    expect(gotAdmin).toEqual(operations.map(({ auth }) => auth === "admin"));
    expect(gotAdmin.filter(Boolean)).toHaveLength(146);
  });

  test("without an admin key admin operations get the ordinary one", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    await fetch(`${relay.url}/v1/organization/users`);

    expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${testKey}`);
  });
});

describe("Content-Type: application/json added when a body came without one", () => {
  const send = (port: number, head: string, body: string) =>
    rawExchange(
      port,
      `POST /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${head}\r\n\r\n${body}`,
    );

  test.each([
    ["a body with a length", "Content-Length: 2", "{}", ["application/json"]],
    ["a chunked body", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n", ["application/json"]],
    ["a body with a type", "Content-Length: 2\r\nContent-Type: text/plain", "{}", ["text/plain"]],
    ["no body", "Content-Length: 0", "", []],
  ])("%s", async (_case, head, body, types) => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    await send(relay.port, head, body);

    expect(values(upstream.seen[0]!, "content-type")).toEqual(types);
  });

  test("and not when the setting is off", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, defaultContentType: "false" });

    await send(relay.port, "Content-Length: 2", "{}");

    expect(values(upstream.seen[0]!, "content-type")).toEqual([]);
  });
});

describe("OpenAI-Beta flags merged with the client's and deduplicated", () => {
  test.each([
    [[], ["assistants=v2, realtime=v1"]],
    [["responses=v1"], ["responses=v1, assistants=v2, realtime=v1"]],
    [["assistants=v2"], ["assistants=v2, realtime=v1"]],
    [["realtime=v1,assistants=v2"], ["realtime=v1,assistants=v2"]],
    [
      ["a=1", "assistants=v2"],
      ["a=1", "assistants=v2, realtime=v1"],
    ],
  ])("a client that sends %j", async (sent, arrived) => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({
      upstream: upstream.url,
      beta: ["assistants=v2", "realtime=v1"],
    });

    const lines = sent.map((flag) => `OpenAI-Beta: ${flag}\r\n`).join("");
    await rawExchange(
      relay.port,
      `GET /v1/x HTTP/1.1\r\nHost: localhost\r\n${lines}Connection: close\r\n\r\n`,
    );

    expect(values(upstream.seen[0]!, "openai-beta")).toEqual(arrived);
  });
});

describe("organization and project", () => {
  test("are added where the client names none, and the client's own win", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({
      upstream: upstream.url,
      organization: "org-relay",
      project: "proj-relay",
    });

    await fetch(`${relay.url}/v1/models`);
    await fetch(`${relay.url}/v1/models`, { headers: { "openai-organization": "org-client" } });

    const [first, second] = upstream.seen;
    expect(values(first!, "openai-organization")).toEqual(["org-relay"]);
    expect(values(first!, "openai-project")).toEqual(["proj-relay"]);
    expect(values(second!, "openai-organization")).toEqual(["org-client"]);
    expect(values(second!, "openai-project")).toEqual(["proj-relay"]);
  });
});

describe("timeouts: 504 names the one that fired, 502 on connection failure", () => {
  test.each([
    ["timeouts.head", "300ms"],
    ["timeouts.total", "300ms"],
  ])("%s", async (setting, time) => {
    await using upstream = await startUpstream(() => {});
    await using relay = await startRelay({ upstream: upstream.url, [setting]: time });

    const answer = await fetch(`${relay.url}/v1/responses`, { method: "POST", body: "{}" });

    expect(answer.status).toBe(504);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("upstream_timeout");
    expect(error.message).toContain(setting);
  });

  test("a refused connection", async () => {
    const upstream = await startUpstream();
    await upstream[Symbol.asyncDispose]();
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(`${relay.url}/v1/models`);

    expect(answer.status).toBe(502);
    expect(answer.headers.get("x-relay-error")).toBe("upstream_refused");
  });
});

describe("pooled clients, closed at shutdown", () => {
  test("one connection serves requests in a row, and is closed when the relay stops", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url });

    for (let i = 0; i < 5; i++) await (await fetch(`${relay.url}/v1/models`)).text();
    const used = upstream.connections;
    await relay.stop();

    expect(used).toBe(1);
    await expect(fetch(`${relay.url}/v1/models`)).rejects.toThrow();
  });

  test("what the stop cuts off is told as cut off here, not as broken by upstream", async () => {
    await using upstream = await startUpstream((_req, res) => void res.write("data: one\n\n"));
    await using relay = await startRelay({ upstream: upstream.url, "timeouts.drain": "50ms" });
    using client = await rawConnection(relay.port, "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await client.until("data: one");

    await relay.stop();

    expect(relay.outcomes.map(({ ending }) => ending)).toEqual(["client_left"]);
  });
});

describe("415 for bodies that are neither JSON, +json, multipart nor SDP (validate)", () => {
  test.each([
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ["application/vnd.api+json", 200],
    ["multipart/form-data; boundary=x", 200],
    ["application/sdp", 200],
    ["text/plain", 415],
    ["application/jsonp", 415],
  ])("%s: %i", async (type, status) => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, validate: "true" });

    const answer = await fetch(`${relay.url}/v1/x`, {
      method: "POST",
      body: new Blob(["{}"]),
      headers: { "content-type": type },
    });

    expect(answer.status).toBe(status);
    expect(upstream.seen).toHaveLength(status === 200 ? 1 : 0);
  });

  test("a POST without a body passes, a chunked one counts as a body", async () => {
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, validate: "true" });
    const start =
      "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nConnection: close\r\n";

    const empty = await rawExchange(relay.port, `${start}Content-Length: 0\r\n\r\n`);
    const chunked = await rawExchange(
      relay.port,
      `${start}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    );

    expect(empty).toMatch(/^HTTP\/1.1 200 /);
    expect(chunked).toMatch(/^HTTP\/1.1 415 /);
  });
});

describe("containers: HEAD, OPTIONS, file content as a stream, Range, 4xx and 5xx bodies kept", () => {
  const path = "/v1/containers/cntr_1/files/cfile_1/content";

  test("Range passes up, 206 and its lines pass down", async () => {
    await using upstream = await startUpstream((req, res) => {
      res.writeHead(206, { "content-range": "bytes 0-2/10", "content-length": 3 });
      res.end(req.headers.range === "bytes=0-2" ? "abc" : "???");
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(relay.url + path, { headers: { range: "bytes=0-2" } });

    expect(answer.status).toBe(206);
    expect(answer.headers.get("content-range")).toBe("bytes 0-2/10");
    expect(await answer.text()).toBe("abc");
  });

  test("HEAD goes up as HEAD, and its length comes back", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(200, { "content-length": 12345 });
      res.end();
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(relay.url + path, { method: "HEAD" });

    expect(upstream.seen[0]?.method).toBe("HEAD");
    expect(answer.headers.get("content-length")).toBe("12345");
  });

  test.each([
    [206, { "content-range": "bytes 0-0/777", "content-length": "1" }, 200, "777"],
    [416, { "content-range": "bytes */0", "content-length": "0" }, 200, "0"],
    [404, { "content-length": "2" }, 404, "2"],
  ])("headViaGet: %i from upstream", async (status, headers, expected, length) => {
    await using upstream = await startUpstream((req, res) => {
      res.writeHead(
        req.method === "GET" && req.headers.range === "bytes=0-0" ? status : 500,
        headers,
      );
      res.end("x".repeat(Number(headers["content-length"])));
    });
    await using relay = await startRelay({ upstream: upstream.url, headViaGet: "true" });

    const answer = await fetch(relay.url + path, { method: "HEAD" });

    expect(answer.status).toBe(expected);
    expect(answer.headers.get("content-length")).toBe(length);
    expect(answer.headers.get("content-range")).toBeNull();
  });

  test.each([404, 409, 500, 503])("the body of a %i is kept", async (status) => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(status, { "content-type": "application/json" });
      res.end('{"error":{"message":"upstream says so"}}');
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(relay.url + path);

    expect(answer.status).toBe(status);
    expect(await answer.text()).toBe('{"error":{"message":"upstream says so"}}');
    expect(answer.headers.get("x-relay-error")).toBeNull();
  });
});

describe("redirects of content downloads", () => {
  test("are passed on as they are", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(302, { location: "https://files.example/x?sig=1" }).end();
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(`${relay.url}/v1/files/f/content`, { redirect: "manual" });

    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")).toBe("https://files.example/x?sig=1");
  });

  test("followRedirects follows to the hosts it names, without the key", async () => {
    await using storage = await startUpstream((_req, res) => void res.end("the file"));
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(302, { location: `${storage.url}/blob?sig=%2F` }).end();
    });
    await using relay = await startRelay({
      upstream: upstream.url,
      organization: "org-x",
      followRedirects: [`127.0.0.1:${storage.port}`],
    });

    const answer = await fetch(`${relay.url}/v1/files/f/content`, {
      headers: { range: "bytes=0-" },
    });

    expect(await answer.text()).toBe("the file");
    const { url, headers } = storage.seen[0]!;
    expect(url).toBe("/blob?sig=%2F");
    expect(headers.range).toBe("bytes=0-");
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("openai-organization");
  });

  test("and to no other host", async () => {
    await using other = await startUpstream();
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(302, { location: `${other.url}/` }).end();
    });
    await using relay = await startRelay({
      upstream: upstream.url,
      followRedirects: ["files.example"],
    });

    const answer = await fetch(`${relay.url}/v1/files/f/content`, { redirect: "manual" });

    expect(answer.status).toBe(302);
    expect(other.connections).toBe(0);
  });
});

describe("embeddings: upstream's JSON or its error; other answers keep status and text", () => {
  test.each([
    [200, "application/json", '{"object":"list","data":[]}'],
    [429, "application/json", '{"error":{"code":"insufficient_quota"}}'],
    [502, "text/html", "<html>bad gateway</html>"],
  ])("%i %s", async (status, type, text) => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(status, { "content-type": type }).end(text);
    });
    await using relay = await startRelay({ upstream: upstream.url });

    const answer = await fetch(`${relay.url}/v1/embeddings`, { method: "POST", body: "{}" });

    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(await answer.text()).toBe(text);
  });
});

describe("a stream stays open until its end", () => {
  test("the first byte may come long after the head", async () => {
    const headSeen = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.flushHeaders();
      await headSeen.promise;
      res.end("data: [DONE]\n\n");
    });
    await using relay = await startRelay({ upstream: upstream.url });

    using client = await rawConnection(
      relay.port,
      "GET /v1/responses/r?stream=true HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    await client.until("\r\n\r\n");
    headSeen.resolve();

    expect(await client.until("0\r\n\r\n")).toContain("data: [DONE]\n\n");
  });
});

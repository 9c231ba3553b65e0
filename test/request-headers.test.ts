import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawExchange } from "./support/raw.ts";
import { startRelay, type TestRelay, testKey } from "./support/relay.ts";
import { linesOf, startWire, valuesOf, type Wire } from "./support/wire.ts";

let wire: Wire;
let relay: TestRelay;

beforeAll(async () => {
  wire = await startWire();
  relay = await startRelay({ upstream: wire.url });
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await wire[Symbol.asyncDispose]();
});

/** Sends a request with these header lines and returns what upstream got of it. */
async function send(lines: string[], { through = relay, start = "GET /v1/x", body = "" } = {}) {
  const head = [`${start} HTTP/1.1`, "Host: localhost", ...lines];
  const bytes = `${head.join("\r\n")}\r\nConnection: close\r\n\r\n${body}`;
  const answer = await rawExchange(through.port, bytes);
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  return wire.next();
}

/** The lines of the connection to upstream. */
const ours = /^(?:Host: 127\.0\.0\.1:\d+|Connection: keep-alive)$/;

test("nothing is invented: upstream gets its own host, the key, and what the client sent", async () => {
  const request = await send([]);

  expect(linesOf(request)).toEqual([
    `Host: ${new URL(wire.url).host}`,
    "Connection: keep-alive",
    `Authorization: Bearer ${testKey}`,
  ]);
});

test("end-to-end lines keep name, value, order and number", async () => {
  const lines = [
    "X-B: 2",
    "x-a: 1",
    "X-b: 3",
    "X-Empty:",
    "Accept: a",
    "Accept: b",
    "User-Agent: mine",
    "user-agent: yours",
    'If-None-Match: W/"a", "b"',
    "Idempotency-Key: 1",
    "X-Tab: a\tb",
    "X-Latin: caf\xe9 \x80\xff",
    "Via: 1.1 somebody",
  ];

  const request = await send(lines);

  const sent = linesOf(request).filter((line) => !ours.test(line) && !/^authorization/i.test(line));
  expect(sent.map((line) => line.replace(/: *$/, ":"))).toEqual(lines);
});

// Rows 13 to 16
test.each([
  ["a named field", ["Connection: X-Secret", "X-Secret: s", "x-secret: t"]],
  ["a list in any case", ["Connection: close, x-SECRET ,keep-alive", "X-Secret: s"]],
  ["empty members", ["Connection: ,, ,X-Secret,", "X-Secret: s"]],
  ["several lines", ["Connection: a", "X-Secret: s", "connection: X-Secret"]],
  ["a line before it", ["X-Secret: s", "Connection: X-Secret"]],
  ["Keep-Alive", ["Keep-Alive: x-secret=5"]],
  ["Proxy-Connection", ["Proxy-Connection: x-secret"]],
  ["Proxy-Authorization", ["Proxy-Authorization: Basic x-secret"]],
  ["Proxy-Authenticate", ["Proxy-Authenticate: x-secret"]],
  ["TE", ["TE: x-secret", "Te: trailers"]],
  ["Trailer", ["Trailer: x-secret"]],
  ["Upgrade", ["Upgrade: x-secret"]],
  ["HTTP2-Settings", ["HTTP2-Settings: x-secret"]],
  ["x-relay-*", ["X-Relay-Anything: x-secret"]],
  // Row 24: what a browser or a proxy in front knows is nobody else's business.
  ["Cookie", ["Cookie: x-secret=1", "cookie: b=2"]],
  ["Referer", ["Referer: http://localhost:3000/x-secret"]],
  ["Sec-*", ["Sec-Fetch-Site: none", "Sec-CH-UA: x-secret", "sec-websocket-key: x-secret"]],
  ["Forwarded", ["Forwarded: for=x-secret"]],
  ["X-Forwarded-*", ["X-Forwarded-For: x-secret", "x-forwarded-anything: x-secret"]],
  ["X-Real-IP", ["X-Real-IP: x-secret"]],
])("%s stays here", async (_what, lines) => {
  const request = await send(["X-Before: 1", ...lines, "X-After: 2"]);

  expect(request).not.toMatch(
    /x-secret|keep-alive:|cookie|proxy|te:|trailer|upgrade|sec-|forwarded|referer|x-real/i,
  );
  expect(valuesOf(request, "x-before").concat(valuesOf(request, "x-after"))).toEqual(["1", "2"]);
  expect(valuesOf(request, "connection")).toEqual(["keep-alive"]);
});

test("an empty Connection line is harmless", async () => {
  const request = await send(["Connection:", "X-A: 1"]);

  expect(valuesOf(request, "x-a")).toEqual(["1"]);
});

// Row 14 (CVE-2022-31813)
test("Connection cannot strike out what frames the message or who asks", async () => {
  const named =
    "Content-Length, Host, Authorization, Content-Type, Content-Encoding, OpenAI-Organization, openai-beta";
  await using own = await startRelay({ upstream: wire.url, organization: "org-1", beta: "b=1" });

  const request = await send(
    [`Connection: ${named}`, "Content-Length: 2", "Content-Type: text/x", "Content-Encoding: br"],
    {
      through: own,
      start: "POST /v1/x",
      body: "{}",
    },
  );

  expect(valuesOf(request, "content-length")).toEqual(["2"]);
  expect(valuesOf(request, "content-type")).toEqual(["text/x"]);
  expect(valuesOf(request, "content-encoding")).toEqual(["br"]);
  expect(valuesOf(request, "authorization")).toEqual([`Bearer ${testKey}`]);
  expect(valuesOf(request, "host")).toEqual([new URL(wire.url).host]);
  expect(valuesOf(request, "openai-organization")).toEqual(["org-1"]);
  expect(valuesOf(request, "openai-beta")).toEqual(["b=1"]);
});

test("Connection cannot turn a body of known length into chunks", async () => {
  const body = "x".repeat(100_000);
  const lines = ["Connection: content-length", `Content-Length: ${body.length}`];

  const request = await send(lines, { start: "POST /v1/x", body });

  expect(valuesOf(request, "content-length")).toEqual([String(body.length)]);
});

// Row 132
test.each([
  ["none", []],
  ["another", ["Authorization: Bearer sk-client"]],
  ["an empty one", ["Authorization:"]],
  ["several", ["authorization: Bearer a", "AUTHORIZATION: Basic b", "Authorization: c"]],
  ["one that Connection names", ["Connection: authorization", "Authorization: Bearer a"]],
])("with %s from the client, exactly one Authorization goes up: the relay's", async (_, lines) => {
  const request = await send(lines);

  expect(valuesOf(request, "authorization")).toEqual([`Bearer ${testKey}`]);
});

// Row 21: a host that the client chose would choose the certificate that is asked for, too.
test("Host is upstream's, once, whatever the client calls the relay", async () => {
  const request = await send([]);

  expect(valuesOf(request, "host")).toEqual([new URL(wire.url).host]);
});

describe("ephemeral client secrets", () => {
  test.each([
    ["Authorization: Bearer ek_abc123"],
    ["authorization: bearer ek_abc123"],
    ["Authorization: Bearer ek_abc123", "Authorization: Bearer sk-client"],
    ["Authorization: Bearer sk-client", "Authorization: Bearer ek_abc123"],
    ["Connection: authorization", "Authorization: Bearer ek_abc123"],
  ])("%s %s passes alone", async (...lines) => {
    const request = await send(lines);

    expect(valuesOf(request, "authorization")).toHaveLength(1);
    expect(valuesOf(request, "authorization")[0]).toMatch(/^bearer ek_abc123$/i);
    expect(request).not.toContain(testKey);
  });

  test("they need no key here", async () => {
    await using keyless = await startRelay({ upstream: wire.url }, { env: { OPENAI_API_KEY: "" } });

    const request = await send(["Authorization: Bearer ek_abc123"], { through: keyless });

    expect(valuesOf(request, "authorization")).toEqual(["Bearer ek_abc123"]);
  });

  test("they do not stand in for a client token, and go up beside one", async () => {
    const env = { RELAY_TOKENS: "token-of-somebody" };
    await using guarded = await startRelay({ upstream: wire.url }, { env });
    const secret = "Authorization: Bearer ek_abc123";

    const refused = await rawExchange(
      guarded.port,
      `GET /v1/x HTTP/1.1\r\nHost: localhost\r\n${secret}\r\nConnection: close\r\n\r\n`,
    );
    const request = await send([secret, "x-relay-token: token-of-somebody"], { through: guarded });

    expect(refused).toMatch(/^HTTP\/1.1 401 /);
    expect(valuesOf(request, "authorization")).toEqual(["Bearer ek_abc123"]);
    expect(request).not.toContain("token-of-somebody");
  });

  test("they take the place of a key that another header carries", async () => {
    await using azure = await startRelay({ upstream: wire.url, authHeader: "api-key" });

    const lines = ["api-key: mine", "Authorization: Bearer ek_abc123"];
    const request = await send(lines, { through: azure });

    expect(valuesOf(request, "authorization")).toEqual(["Bearer ek_abc123"]);
    expect(valuesOf(request, "api-key")).toEqual([]);
  });
});

describe("auth: passthrough", () => {
  const own = ["Authorization: Bearer sk-client", "api-key: azure-client"];

  test("leaves the client's own key, and adds none", async () => {
    await using passing = await startRelay({ upstream: wire.url, auth: "passthrough" });

    const request = await send(own, { through: passing });
    const bare = await send([], { through: passing });

    expect(linesOf(request)).toEqual(expect.arrayContaining(own));
    expect(valuesOf(bare, "authorization")).toEqual([]);
    expect(request + bare).not.toContain(testKey);
  });

  test.each(["authorization", "api-key"])(
    "takes client tokens from x-relay-token alone, when keys go in %s",
    async (authHeader) => {
      const env = { RELAY_TOKENS: "token-of-somebody" };
      const flags = { upstream: wire.url, auth: "passthrough", authHeader };
      await using passing = await startRelay(flags, { env });
      const bytes = (line: string) =>
        `GET /v1/x HTTP/1.1\r\nHost: localhost\r\n${line}\r\nConnection: close\r\n\r\n`;

      const refused = [
        await rawExchange(passing.port, bytes("Authorization: Bearer token-of-somebody")),
        await rawExchange(passing.port, bytes("api-key: token-of-somebody")),
      ];
      const request = await send([...own, "x-relay-token: token-of-somebody"], {
        through: passing,
      });

      for (const answer of refused) expect(answer).toMatch(/^HTTP\/1.1 401 /);
      expect(linesOf(request)).toEqual(expect.arrayContaining(own));
      expect(request).not.toContain("token-of-somebody");
    },
  );
});

describe("authHeader", () => {
  test("carries the key as it is, once, and nothing else carries one", async () => {
    await using azure = await startRelay({ upstream: wire.url, authHeader: "api-key" });

    const lines = ["Authorization: Bearer sk-client", "API-Key: a", "api-key: b"];
    const request = await send(lines, { through: azure });
    const named = await send(["Connection: api-key", "api-key: a"], { through: azure });

    for (const one of [request, named]) {
      expect(valuesOf(one, "api-key")).toEqual([testKey]);
      expect(valuesOf(one, "authorization")).toEqual([]);
    }
  });
});

// The contract's table
describe("Content-Type", () => {
  const post = { start: "POST /v1/x", body: "{}" };

  test("is added to a body that came without one", async () => {
    const request = await send(["Content-Length: 2"], post);

    expect(valuesOf(request, "content-type")).toEqual(["application/json"]);
  });

  test("is left alone when there is one, even an empty one, and when there is no body", async () => {
    const typed = await send(["Content-Length: 2", "content-type: text/plain"], post);
    const empty = await send(["Content-Length: 2", "Content-Type:"], post);
    const bodiless = await send(["Content-Length: 0"], { start: "POST /v1/x" });

    expect(valuesOf(typed, "content-type")).toEqual(["text/plain"]);
    expect(valuesOf(empty, "content-type")).toEqual([""]);
    expect(valuesOf(bodiless, "content-type")).toEqual([]);
  });

  test("is never added with defaultContentType off", async () => {
    await using plain = await startRelay({ upstream: wire.url, defaultContentType: false });

    const request = await send(["Content-Length: 2"], { ...post, through: plain });

    expect(valuesOf(request, "content-type")).toEqual([]);
  });
});

describe("OpenAI's own headers", () => {
  let own: TestRelay;
  beforeAll(async () => {
    const flags = { organization: "org-1", project: "proj-1", beta: ["a=v2", "b=v1"] };
    own = await startRelay({ upstream: wire.url, ...flags });
  });
  afterAll(() => own[Symbol.asyncDispose]());

  test("are put on as configured", async () => {
    const request = await send([], { through: own });

    expect(valuesOf(request, "openai-organization")).toEqual(["org-1"]);
    expect(valuesOf(request, "openai-project")).toEqual(["proj-1"]);
    expect(valuesOf(request, "openai-beta")).toEqual(["a=v2, b=v1"]);
  });

  test("the client's own organization and project win", async () => {
    const lines = ["openai-organization: org-2", "OpenAI-Project: proj-2"];
    const request = await send(lines, { through: own });

    expect(valuesOf(request, "openai-organization")).toEqual(["org-2"]);
    expect(valuesOf(request, "openai-project")).toEqual(["proj-2"]);
  });

  test.each([
    [["c=v1"], ["c=v1, a=v2, b=v1"]],
    [["b=v1,  a=v2"], ["b=v1,  a=v2"]],
    [
      ["b=v1", "c=v1"],
      ["b=v1", "c=v1, a=v2"],
    ],
    [[""], ["a=v2, b=v1"]],
  ])("beta flags %j become %j", async (sent, expected) => {
    const lines = sent.map((flags) => `OpenAI-Beta: ${flags}`);
    const request = await send(lines, { through: own });

    expect(valuesOf(request, "openai-beta")).toEqual(expected);
  });
});

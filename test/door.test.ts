import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfig } from "../src/config/load.ts";
import { createHostCheck } from "../src/server/hosts.ts";
import { rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay, type TestRelay, testKey } from "./support/relay.ts";
import { bodyOf, startWire, valuesOf, type Wire } from "./support/wire.ts";

// One relay and one upstream for all rows of the tables: what differs is a few bytes.

const page = "https://app.example";
let wire: Wire;
let relay: TestRelay;

beforeAll(async () => {
  wire = await startWire();
  relay = await startRelay({
    upstream: wire.url,
    allowedHosts: ["relay.lan", "proxy.lan:9000"],
    allowedOrigins: [page],
  });
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await wire[Symbol.asyncDispose]();
});

/** Sends a request without a body and returns the answer; `lines` follow the request line. */
function ask(start: string, ...lines: string[]): Promise<string> {
  const all = lines.some((line) => /^host:/i.test(line)) ? lines : ["Host: localhost", ...lines];
  return rawExchange(
    relay.port,
    `${start}\r\n${all.join("\r\n")}\r\nConnection: close\r\n\r\n`.replaceAll(
      "PORT",
      `${relay.port}`,
    ),
  );
}

/** What the relay's own refusal says; throws when the answer is not one in OpenAI's shape. */
function refusalOf(answer: string): { status: number; code: string; type: string } {
  const end = answer.indexOf("\r\n\r\n");
  const [head, body] = [`${answer.slice(0, end)}\r\n`, answer.slice(end + 4)];
  const { message, type, param, code } = JSON.parse(body).error;
  expect(message).toMatch(/\.$/);
  expect(param).toBe(null);
  expect(head).toContain("Content-Type: application/json\r\n");
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n`);
  expect(head).toContain(`x-relay-error: ${code}\r\n`);
  expect(head).toMatch(/\r\nx-should-retry: (true|false)\r\n/);
  expect(answer).not.toContain(testKey);
  return { status: Number(answer.split(" ", 2)[1]), code, type };
}

const bad = { status: 400, code: "bad_request", type: "invalid_request_error" };

// Targets

test.each([
  ["/v1/models?a=1&a=%202&&x=", "/v1/models?a=1&a=%202&&x="],
  ["/v1/models?", "/v1/models?"],
  ["/v1/x%2Fy%2e%41?q=/../%2e%2e", "/v1/x%2Fy%2e%41?q=/../%2e%2e"],
  ["/v1//a///b/", "/v1//a///b/"],
  ["/v1/a...b/.hidden/..x/x..", "/v1/a...b/.hidden/..x/x.."],
  ['/v1/{a}|"b"^`c`<d>\\e', '/v1/{a}|"b"^`c`<d>\\e'],
  ["/responses?x", "/v1/responses?x"],
  ["/v1", "/v1"],
  ["/v1?x", "/v1?x"],
  ["/v1beta/x", "/v1/v1beta/x"],
  // Rows 3, 4 and 5: never an authority.
  ["//evil.example/x", "/v1//evil.example/x"],
  ["/\\evil.example/x", "/v1/\\evil.example/x"],
  ["http://localhost:PORT/v1/models?x=//y", "/v1/models?x=//y"],
  ["HTTP://LOCALHOST", "/v1/"],
  ["http://localhost?x", "/v1/?x"],
])("the target %s goes up as %s", async (target, expected) => {
  const answer = await ask(`GET ${target} HTTP/1.1`);

  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect((await wire.next()).split("\r\n", 1)).toEqual([`GET ${expected} HTTP/1.1`]);
});

test.each([
  // Row 2: what a server behind could take for a way out of /v1/.
  ["/v1/../x"],
  ["/v1/.."],
  ["/.."],
  ["/v1/./x"],
  ["/v1/%2e%2e/x"],
  ["/v1/.%2E/x"],
  ["/v1/%2E?x"],
  ["/v1\\..\\x"],
  ["/v1/..%2fx"],
  ["/v1%2f..%2fx"],
  ["/v1/..%5Cx"],
  ["/v1%5C../x"],
  ["/v1/..;/x"],
  ["http://localhost/v1/../x"],
  // Row 6
  ["@evil.example"],
  [":80"],
  [".evil.example/"],
  ["evil.example:443"],
  ["v1/models"],
  ["*"],
  ["ftp://localhost/x"],
  ["http:///x"],
  ["http://user@localhost/x"],
  ["http://localhost#/x"],
  // Row 9
  ["/v1/x#y"],
  ["/v1/x\x01"],
  ["/v1/x\x7f"],
  ["/v1/\xc3\xa9"],
  ["/v1/x y"],
])("the target %s is refused", async (target) => {
  const before = wire.received;

  const answer = await ask(`GET ${target} HTTP/1.1`);

  expect(refusalOf(answer)).toEqual(bad);
  expect(wire.received).toBe(before);
});

test("an absolute target of another host is refused and nobody is dialled", async () => {
  const before = wire.received;

  const answer = await ask("GET http://evil.example/v1/models HTTP/1.1");

  expect(refusalOf(answer)).toMatchObject({ status: 421, code: "host_not_allowed" });
  expect(wire.received).toBe(before);
});

// Methods

test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PROPFIND"])(
  "%s goes up as it is",
  async (method) => {
    const answer = await ask(`${method} /v1/x HTTP/1.1`);

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(await wire.next()).toMatch(new RegExp(`^${method} /v1/x HTTP/1.1\r\n`));
  },
);

test.each(["TRACE", "CONNECT"])("%s is refused with what is allowed", async (method) => {
  const before = wire.received;

  const answer = await ask(`${method} ${method === "TRACE" ? "/v1/x" : "localhost:80"} HTTP/1.1`);

  expect(refusalOf(answer)).toMatchObject({ status: 405, code: "method_not_allowed" });
  expect(answer).toMatch(/\r\nAllow: GET, HEAD, POST, /);
  expect(wire.received).toBe(before);
});

test("a client that breaks off while it is refused takes nothing with it", async () => {
  for (const start of ["CONNECT localhost:80 HTTP/1.1", "nonsense"]) {
    using connection = await rawConnection(relay.port, `${start}\r\nHost: localhost\r\n\r\n`);
    await connection.until("HTTP/1.1 4");
    connection.socket.write("x".repeat(1_000_000));
    connection.socket.resetAndDestroy();
    await connection.closed();
  }

  expect(await ask("GET /_relay/health HTTP/1.1")).toMatch(/^HTTP\/1.1 200 /);
});

test.each([
  "get /v1/x HTTP/1.1",
  "G@T /v1/x HTTP/1.1",
  "FOO /v1/x HTTP/1.1",
  " GET /v1/x HTTP/1.1",
  "GET",
  // Row 12
  "GET /v1/x",
  "GET /v1/x HTTP/0.9",
  "GET /v1/x HTTP/1.2",
  "GET /v1/x HTTP/2.0",
  "GET /v1/x HTTP/9.9",
  "GET /v1/x HTTPS/1.1",
  "GET /v1/x http/1.1",
])("the request line %j is refused", async (line) => {
  const before = wire.received;

  const answer = await ask(line);

  expect(refusalOf(answer)).toEqual(bad);
  expect(wire.received).toBe(before);
});

// Host: rows 45 and 128

test.each([
  "127.0.0.1:PORT",
  "localhost:PORT",
  "LocalHost:PORT",
  "[::1]:PORT",
  "localhost",
  "relay.lan",
  "RELAY.lan",
  "relay.lan:80",
  "proxy.lan:9000",
])("the host %s is answered to", async (host) => {
  expect(await ask("GET /_relay/health HTTP/1.1", `Host: ${host}`)).toMatch(/^HTTP\/1.1 200 /);
});

test.each([
  "evil.example",
  "evil.example:PORT",
  "localhost:1",
  "127.0.0.1:1",
  "proxy.lan",
  "proxy.lan:9001",
  "0.0.0.0:PORT",
  "127.0.0.2:PORT",
  "127.1:PORT",
  "2130706433:PORT",
  "[::]:PORT",
  "[::ffff:127.0.0.1]:PORT",
  "localhost.",
  "x.localhost:PORT",
  "localhost.evil.example",
  "evil-localhost",
  "xrelay.lan",
])("the host %s is not", async (host) => {
  const before = wire.received;

  const forwarded = await ask("GET /v1/models HTTP/1.1", `Host: ${host}`);
  const own = await ask("GET /_relay/health HTTP/1.1", `Host: ${host}`);
  const upgrade = await ask(
    "GET /v1/realtime HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
  );

  for (const answer of [forwarded, own, upgrade])
    expect(refusalOf(answer)).toEqual({
      status: 421,
      code: "host_not_allowed",
      type: "permission_error",
    });
  expect(wire.received).toBe(before);
});

test.each([
  ["none", ["X: y"]],
  ["two that are equal", ["Host: localhost", "Host: localhost"]],
  ["two that are not", ["Host: localhost", "host: evil.example"]],
  ["an empty one", ["Host:"]],
  ["a list", ["Host: localhost,evil.example"]],
  ["a path", ["Host: localhost/x"]],
  ["a user", ["Host: user@localhost"]],
  ["a space", ["Host: local host"]],
  ["no port after the colon", ["Host: localhost:"]],
  ["a long port", ["Host: localhost:000080"]],
])("a request with %s for Host is malformed", async (_what, lines) => {
  const before = wire.received;

  const bytes = `GET /v1/x HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;

  expect(refusalOf(await rawExchange(relay.port, bytes))).toEqual(bad);
  expect(wire.received).toBe(before);
});

// Web pages: rows 129 to 131

test.each([
  ["Origin: https://evil.example"],
  ["Origin: null"],
  ["Origin:"],
  ["Origin: http://localhost:PORT"],
  ["Origin: https://app.example.evil.example"],
  ["Origin: https://app.example:443"],
  ["Origin: https://app.example/"],
  ["Origin: HTTPS://APP.EXAMPLE"],
  ["Origin: chrome-extension://abcdef"],
  [`Origin: ${page}`, "Origin: https://evil.example"],
  ["Origin: https://evil.example", `Origin: ${page}`],
  ["Sec-Fetch-Site: cross-site"],
  ["Sec-Fetch-Site: same-site"],
  ["Sec-Fetch-Site: Same-Origin"],
  ["Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"],
])("a page with %s is turned away on every way in", async (...lines) => {
  const before = wire.received;

  const answers = [
    await ask("GET /v1/models HTTP/1.1", ...lines),
    await ask("GET /_relay/health HTTP/1.1", ...lines),
    await ask("POST /v1/responses HTTP/1.1", "Content-Length: 0", ...lines),
    await ask("GET /v1/realtime HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", ...lines),
    await ask("OPTIONS /v1/responses HTTP/1.1", "Access-Control-Request-Method: POST", ...lines),
  ];

  for (const answer of answers) {
    expect(refusalOf(answer)).toMatchObject({ status: 403, code: "origin_not_allowed" });
    expect(answer).not.toMatch(/access-control-/i);
  }
  expect(wire.received).toBe(before);
});

test.each(["none", "same-origin"])("a request with Sec-Fetch-Site: %s passes", async (site) => {
  const answer = await ask("GET /v1/models HTTP/1.1", `Sec-Fetch-Site: ${site}`);

  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  await wire.next();
});

test("the icon that a browser looks for is no request of its user", async () => {
  const before = wire.received;

  const answer = await ask("GET /favicon.ico HTTP/1.1", "Sec-Fetch-Site: same-origin");

  expect(refusalOf(answer)).toMatchObject({ status: 404, code: "unknown_url" });
  expect(wire.received).toBe(before);
});

test("an allowed origin may call and read, whatever the site", async () => {
  const answer = await ask(
    "GET /v1/models HTTP/1.1",
    `Origin: ${page}`,
    "Sec-Fetch-Site: cross-site",
  );

  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toContain(`\r\nAccess-Control-Allow-Origin: ${page}\r\n`);
  expect(answer).toContain("\r\nVary: Origin\r\n");
  expect(valuesOf(await wire.next(), "origin")).toEqual([]);
});

test("an allowed origin can read why it was refused", async () => {
  const answer = await ask("GET /v1/../x HTTP/1.1", `Origin: ${page}`);

  expect(refusalOf(answer)).toEqual(bad);
  expect(answer).toContain(`\r\nAccess-Control-Allow-Origin: ${page}\r\n`);
});

test("the preflight of an allowed origin is granted here and not forwarded", async () => {
  const before = wire.received;

  const answer = await ask(
    "OPTIONS /v1/responses HTTP/1.1",
    `Origin: ${page}`,
    "Access-Control-Request-Method: POST",
    "Access-Control-Request-Headers: authorization,x-stainless-os",
    "Access-Control-Request-Private-Network: true",
  );

  expect(answer).toMatch(/^HTTP\/1.1 204 /);
  expect(answer.match(/\r\nAccess-Control-Allow-Origin: .*/g)).toEqual([
    `\r\nAccess-Control-Allow-Origin: ${page}`,
  ]);
  expect(answer).toMatch(/\r\nAccess-Control-Allow-Methods: GET, HEAD, POST, /);
  expect(answer).toContain("\r\nAccess-Control-Allow-Headers: authorization,x-stainless-os\r\n");
  expect(answer).toContain("\r\nAccess-Control-Allow-Private-Network: true\r\n");
  expect(answer).not.toMatch(/allow-credentials/i);
  expect(wire.received).toBe(before);
});

test.each([
  ["OPTIONS", [`Origin: ${page}`]],
  ["OPTIONS", ["Access-Control-Request-Method: POST"]],
  ["POST", [`Origin: ${page}`, "Access-Control-Request-Method: POST"]],
])("%s with %j is no preflight and goes up", async (method, lines) => {
  await ask(`${method} /v1/responses HTTP/1.1`, ...lines);

  expect(await wire.next()).toMatch(new RegExp(`^${method} /v1/responses `));
});

test("nobody gets CORS headers unless an origin is allowed and sent", async () => {
  const answer = await ask("GET /v1/models HTTP/1.1");

  expect(answer).not.toMatch(/access-control-|vary/i);
  await wire.next();
});

test("upstream's own CORS headers give way to the relay's for a browser, and pass else", async () => {
  await using generous = await startWire(
    "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nContent-Length: 0\r\n\r\n",
  );
  await using other = await startRelay({ upstream: generous.url, allowedOrigins: [page] });
  const bytes = (line: string) =>
    `GET /v1/x HTTP/1.1\r\nHost: localhost\r\n${line}Connection: close\r\n\r\n`;

  const browser = await rawExchange(other.port, bytes(`Origin: ${page}\r\n`));
  const program = await rawExchange(other.port, bytes(""));

  expect(browser.match(/access-control-allow-.*/gi)).toEqual([
    `Access-Control-Allow-Origin: ${page}`,
  ]);
  expect(program).toContain("Access-Control-Allow-Origin: *\r\n");
  expect(program).toContain("Access-Control-Allow-Credentials: true\r\n");
});

// Wide binds

test("a relay for others answers to any address, but not to any name", async () => {
  const env = { RELAY_HOST: "0.0.0.0", RELAY_TOKENS: "token-of-somebody" };
  const { config } = await loadConfig({ flags: {}, env, cwd: ".", config: false });

  const check = createHostCheck(config, () => 8484);

  expect(check("")).toBe("malformed");
  expect(check("192.168.1.20:8484")).toBe("allowed");
  expect(check("[2001:db8::1]:8484")).toBe("allowed");
  expect(check("localhost:8484")).toBe("allowed");
  expect(check("192.168.1.20:80")).toBe("foreign");
  expect(check("evil.example:8484")).toBe("foreign");
});

test("a relay on another loopback address answers to that", async () => {
  await using other = await startRelay({ upstream: wire.url, host: "127.0.0.2" });

  const answer = await fetch(`http://127.0.0.2:${other.port}/_relay/health`);

  expect(answer.status).toBe(200);
});

// Upgrades

test("with websocket off a handshake gets 426, and what follows it is not read", async () => {
  await using plain = await startRelay({ upstream: wire.url, websocket: false });
  const before = wire.received;

  const answer = await rawExchange(
    plain.port,
    "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
      "GET /v1/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n",
  );

  expect(refusalOf(answer)).toMatchObject({ status: 426, code: "websocket_disabled" });
  expect(wire.received).toBe(before);
});

test("the relay's own paths speak no WebSocket, and upstream does not hear of them", async () => {
  const before = wire.received;

  const answer = await ask(
    "GET /_relay/health HTTP/1.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
  );

  expect(refusalOf(answer)).toMatchObject({ status: 404, code: "unknown_url" });
  expect(wire.received).toBe(before);
});

// RFC 6455 section 4.1
test.each([
  ["POST", "HTTP/1.1", [], ""],
  ["GET", "HTTP/1.1", ["Content-Length: 2"], "{}"],
  ["GET", "HTTP/1.1", ["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\n\r\n"],
  ["GET", "HTTP/1.0", [], ""],
])("%s in %s with %j is no handshake, whatever it wishes", async (method, version, lines, body) => {
  const head = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", ...lines];
  using _connection = await rawConnection(
    relay.port,
    `${method} /v1/x ${version}\r\n${head.join("\r\n")}\r\n\r\n${body}`,
  );

  const request = await wire.next();

  expect(bodyOf(request)).toBe(body === "" ? "" : "{}");
  expect(request).not.toMatch(/upgrade/i);
});

// Row 49: Java's HttpClient sends this with every first request.
test("Upgrade: h2c is ignored, with a body too, and the connection goes on", async () => {
  const h2c =
    "Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQA\r\n";
  using connection = await rawConnection(
    relay.port,
    `POST /v1/first HTTP/1.1\r\n${h2c}Content-Length: 2\r\n\r\n{}`,
  );

  const first = await wire.next();
  await connection.until(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n/);
  connection.socket.write(`GET /v1/second HTTP/1.1\r\n${h2c}\r\n`);
  const second = await wire.next();

  expect(bodyOf(first)).toBe("{}");
  expect(second).toMatch(/^GET \/v1\/second /);
  expect(first + second).not.toMatch(/upgrade|http2-settings|h2c/i);
});

// Client tokens

const token = "token-of-somebody-with-rights";
const wrong = { status: 401, code: "invalid_relay_token", type: "authentication_error" };

describe("with client tokens", () => {
  let guarded: TestRelay;

  beforeAll(async () => {
    const env = { RELAY_TOKENS: `token-of-another,${token}` };
    guarded = await startRelay({ upstream: wire.url, allowedOrigins: [page] }, { env });
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  function knock(target: string, ...lines: string[]): Promise<string> {
    const head = [`POST ${target} HTTP/1.1`, "Host: localhost", "Connection: close", ...lines];
    return rawExchange(guarded.port, `${head.join("\r\n")}\r\n\r\n`);
  }

  test.each([
    [`Authorization: Bearer ${token}`],
    [`authorization: bearer ${token}`],
    [`api-key: ${token}`],
    [`X-Relay-Token: ${token}`],
    ["x-relay-token: token-of-another"],
    ["Authorization: Bearer sk-some-key", `x-relay-token: ${token}`],
    ["api-key: some-key", `Authorization: Bearer ${token}`],
  ])("%s %s lets a request in and stays here", async (...lines) => {
    const answer = await knock("/v1/responses", ...lines);

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    const request = await wire.next();
    expect(valuesOf(request, "authorization")).toEqual([`Bearer ${testKey}`]);
    expect(request).not.toMatch(/token-of|api-key|x-relay/i);
  });

  test.each([
    ["/v1/responses", "X: y"],
    ["/v1/responses", "Authorization:"],
    ["/v1/responses", "Authorization: Bearer"],
    ["/v1/responses", `Authorization: Bearer ${token.slice(0, -1)}`],
    ["/v1/responses", `Authorization: Bearer ${token}x`],
    ["/v1/responses", `Authorization: Bearer ${token.toUpperCase()}`],
    ["/v1/responses", `Authorization: Bearer token-of-another,${token}`],
    ["/v1/responses", `Authorization: Basic ${token}`],
    ["/v1/responses", `Cookie: token=${token}`],
    [`/v1/responses?token=${token}`, "X: y"],
    [`/v1/responses?api-key=${token}`, "api-key: x"],
    ["/_relay/health", "X: y"],
  ])("%s with %s is refused without a word upstream", async (target, line) => {
    const before = wire.received;

    const answer = await knock(target, line);

    expect(refusalOf(answer)).toEqual(wrong);
    expect(answer).not.toContain(token);
    expect(wire.received).toBe(before);
  });

  test("a token does not help a page of another origin", async () => {
    const answer = await knock("/v1/x", `Authorization: Bearer ${token}`, "Origin: https://evil");

    expect(refusalOf(answer)).toMatchObject({ code: "origin_not_allowed" });
  });

  test("a preflight needs none, for browsers cannot send it", async () => {
    const answer = await rawExchange(
      guarded.port,
      `OPTIONS /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: ${page}\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
    );

    expect(answer).toMatch(/^HTTP\/1.1 204 /);
  });
});

import { readdirSync, statSync, utimesSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificates } from "./support/certificates.ts";
import { createFolder } from "./support/folder.ts";
import { letIn, newLink, visit } from "./support/inspector.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";
import { ask, getSecure } from "./support/tls-client.ts";
import { startWire, type Wire } from "./support/wire.ts";

// Who is let in to the inspector: a browser that opened a link of the user's, and nobody else.

const home = createFolder();
const certificates = createCertificates();
const env = { HOME: home.path };
const friend = "https://app.example";
const strength = /^[\w-]{43}$/;
let wire: Wire;
let relay: TestRelay;
let port: number;
/** What lets in. */
let cookie: string;

beforeAll(async () => {
  wire = await startWire();
  const flags = { upstream: wire.url, allowedOrigins: [friend], allowedHosts: ["relay.lan"] };
  relay = await startRelay({ ...flags, ...certificates.settings }, { env });
  port = relay.port;
  cookie = await letIn(env, port);
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await wire[Symbol.asyncDispose]();
  home[Symbol.dispose]();
  certificates[Symbol.dispose]();
});

const status = async (headers: Record<string, string>, at = port) =>
  (await visit(at, "/_relay/api/status", { headers })).status;

const paths = [
  ...["", "app.js", "app.css", "events", "open", "open?code=x", "api/status", "api/calls"],
  ...["api/calls/last", "api/calls/x/slices", "api/calls/x/body?side=asked", "api/export"],
  ...["api/send", "api/logout", "api/", "api/nothing"],
].map((path) => `/_relay/${path}`);

/** What every answer below says. */
const guarded = {
  "content-security-policy": expect.stringMatching(
    /^(?:default-src 'none'|sandbox); .*frame-ancestors 'none'; base-uri 'none'; form-action 'none'$/,
  ),
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

describe("a link", () => {
  test("lets the browser in that opens it, and only the first", async () => {
    const link = newLink(env, port);

    const first = await visit(port, link);
    const second = await visit(port, link);

    expect(first).toMatchObject({ status: 303, headers: { ...guarded, location: "/_relay/" } });
    const [value, ...attributes] = first.headers["set-cookie"]![0]!.split("; ");
    expect(value!.slice(`relay_${port}=`.length)).toMatch(strength);
    expect(attributes.sort()).toEqual(["HttpOnly", "Path=/_relay/", "SameSite=Strict"]);
    expect(await status({ cookie: value! })).toBe(200);
    expect(second).toMatchObject({ status: 401, headers: guarded });
    expect(second.headers).not.toHaveProperty("set-cookie");
    expect(second.body).toContain("has been opened before");
  });

  test("lets one in where many try it together", async () => {
    const link = newLink(env, port);

    const all = await Promise.all(Array.from({ length: 20 }, () => visit(port, link)));

    expect(all.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(all.filter(({ status }) => status === 401)).toHaveLength(19);
  });

  test("is kept as a hash, where no other user can put one", () => {
    const code = newLink(env, port).split("=")[1]!;

    const folder = home.at(".local/state/openai-relay/links");
    const names = readdirSync(folder);

    expect(code).toMatch(strength);
    expect(names.join()).not.toContain(code);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of names) expect(statSync(`${folder}/${name}`).mode & 0o777).toBe(0o600);
  });

  test("that is old opens nothing, and is swept away by the next", async () => {
    const folder = home.at(".local/state/openai-relay/links");
    const link = newLink(env, port);
    const longAgo = Date.now() / 1_000 - 61;
    for (const name of readdirSync(folder)) utimesSync(`${folder}/${name}`, longAgo, longAgo);

    expect((await visit(port, link)).status).toBe(401);
    newLink(env, port);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("of the relay on another port, or of another user, opens nothing", async () => {
    using other = createFolder();

    expect((await visit(port, newLink(env, port + 1))).status).toBe(401);
    expect((await visit(port, newLink({ HOME: other.path }, port))).status).toBe(401);
  });

  test.each(["", "x", "A".repeat(43), "..%2f..%2fx", "%00", "a".repeat(9_000)])(
    "cannot be guessed (%.20s)",
    async (code) => {
      newLink(env, port);

      const answer = await visit(port, `/_relay/open?code=${code}`);

      expect(answer).toMatchObject({ status: 401, headers: guarded });
      expect(answer.headers).not.toHaveProperty("set-cookie");
    },
  );

  test("gives a cookie of its own, whatever the browser came with (session fixation)", async () => {
    const known = `relay_${port}=${"A".repeat(43)}`;

    const { headers } = await visit(port, newLink(env, port), { headers: { cookie: known } });

    expect(headers["set-cookie"]![0]).not.toContain("AAAA");
    expect(await status({ cookie: known })).toBe(401);
  });
});

describe("without a session", () => {
  test.each(paths)("nothing is told at %s", async (path) => {
    const method = /send|logout/.test(path) ? "POST" : "GET";
    const answer = await visit(port, path, { method });

    expect(answer).toMatchObject({ status: 401, headers: guarded });
    expect(answer.headers).not.toHaveProperty("set-cookie");
    if (/\/(?:open.*)?$/.test(path.replace("api/", "x"))) {
      expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(answer.body).toContain("<code>relay open</code>");
    } else expect(JSON.parse(answer.body).error.code).toBe("session_missing");
    expect(wire.received).toBe("");
  });

  test("a cookie that is none, or of another relay, is none", async () => {
    await using other = await startRelay({ mock: true }, { env });
    const foreign = await letIn(env, other.port);
    const value = foreign.split("=")[1];

    for (const given of ["", "=", "A".repeat(43), `${value}`, `${cookie.split("=")[1]}x`])
      expect(await status({ cookie: `relay_${port}=${given}` })).toBe(401);
    expect(await status({ cookie: foreign })).toBe(401);
    expect(await status({ cookie: cookie.replace(`${port}`, `${other.port}`) }, other.port)).toBe(
      401,
    );
    expect(await status({ cookie: foreign }, other.port)).toBe(200);
  });
});

describe("with a session", () => {
  test.each(paths)("%s says that it is of no use to other sites", async (path) => {
    const answer = path.endsWith("/events")
      ? await headOf(path)
      : await visit(port, path, withCookie());

    expect(answer.status).not.toBe(401);
    expect(answer.headers).toMatchObject(guarded);
    expect(Object.keys(answer.headers).join()).not.toMatch(/access-control/);
  });

  test("cookies that others set beside it do not matter", async () => {
    const others = Array.from(
      { length: 5 },
      (_, n) => `relay_${port}=${`${n}`.repeat(43)}; a=${n}`,
    );

    expect(await status({ cookie: [...others, cookie].join("; ") })).toBe(200);
  });

  test("who goes back to the link is still let in", async () => {
    const link = newLink(env, port);
    await visit(port, link);

    expect((await visit(port, link, withCookie())).status).toBe(303);
  });

  test("logging out ends it, and no other", async () => {
    const mine = await letIn(env, port);

    const { headers } = await visit(port, "/_relay/api/logout", {
      method: "POST",
      headers: { cookie: mine },
    });

    expect(headers["set-cookie"]![0]).toMatch(/^relay_\d+=; Path=\/_relay\/; .*; Max-Age=0$/);
    expect(await status({ cookie: mine })).toBe(401);
    expect(await status({ cookie })).toBe(200);
  });

  test("it is forgotten once sixteen others were used after it", async () => {
    await using relay = await startRelay({ mock: true }, { env });
    const first = await letIn(env, relay.port);
    const second = await letIn(env, relay.port);
    expect(await status({ cookie: first }, relay.port)).toBe(200);
    for (let i = 0; i < 15; i++) await letIn(env, relay.port);

    expect(await status({ cookie: second }, relay.port)).toBe(401);
    expect(await status({ cookie: first }, relay.port)).toBe(200);
  });

  test("it opens nothing that is forwarded where clients must show tokens, nor does a token open this", async () => {
    const token = "a-token-that-is-long-enough";
    const tokens = { RELAY_TOKENS: token, ...env };
    await using relay = await startRelay({ upstream: wire.url }, { env: tokens });
    const headers = { cookie: await letIn(env, relay.port) };
    const before = wire.received;

    expect(await status(headers, relay.port)).toBe(200);
    for (const path of ["/v1/models", "/_relay/health", "/_relay/other", "/_relay"])
      expect(await visit(relay.port, path, { headers })).toMatchObject({
        status: 401,
        headers: { "x-relay-error": "invalid_relay_token" },
      });
    expect(await status({ authorization: `Bearer ${token}` }, relay.port)).toBe(401);
    expect(wire.received).toBe(before);
  });

  test("over TLS it has a cookie of its own, which plain HTTP never carries", async () => {
    const { ca } = certificates;
    const opened = await ask(getSecure, { port, ca, path: newLink(env, port) });
    const [set] = opened.headers["set-cookie"]!;
    const secure = set!.split(";", 1)[0]!;

    expect(opened.status).toBe(303);
    expect(set).toMatch(/^__Secure-relay_\d+=[\w-]{43}; .*; Secure$/);
    const path = "/_relay/api/status";
    const answer = await ask(getSecure, { port, ca, path, headers: { cookie: secure } });
    expect(JSON.parse(answer.text).url).toBe(`https://127.0.0.1:${port}/v1`);
    expect(await status({ cookie: secure })).toBe(401);
  });

  test("the relay's requests are neither counted nor told, and its streams do not hold up its end", async () => {
    const relay = await startRelay({ mock: true, "limits.requests": "1" }, { env });
    await using _stop = relay;
    const mine = await letIn(env, relay.port);
    const head = `GET /_relay/events HTTP/1.1\r\nHost: localhost\r\nCookie: ${mine}\r\n\r\n`;
    const streams = await Promise.all([1, 2, 3].map(() => rawConnection(relay.port, head)));
    await Promise.all(streams.map((stream) => stream.until("\r\n:\n\n\r\n")));

    expect(relay.live).toBe(0);
    expect((await visit(relay.port, "/v1/models")).status).toBe(200);
    expect(relay.outcomes).toHaveLength(1);
    const closing = Promise.all(streams.map((stream) => stream.closed()));
    const started = performance.now();
    await relay.stop();
    expect(performance.now() - started).toBeLessThan(400);
    for (const { text } of await closing) expect(text).toMatch(/\r\n0\r\n\r\n$/);
  });
});

describe("with the user's cookie,", () => {
  test.each<[what: string, status: number, headers: Record<string, string>]>([
    ["a page of another site", 403, { origin: "https://evil.example" }],
    ["a page of no origin", 403, { origin: "null" }],
    ["a page that may call the relay", 403, { origin: friend }],
    ["a page of another port", 403, { origin: "http://127.0.0.1:1" }],
    ["a page of this port by another scheme", 403, { origin: "https://127.0.0.1:PORT" }],
    ["a page of this port by another name", 403, { origin: "http://localhost:PORT" }],
    ["a link of another site", 403, { "sec-fetch-site": "cross-site" }],
    ["a link of another port", 403, { "sec-fetch-site": "same-site" }],
    [
      "a page that lies about one of the two",
      403,
      { "sec-fetch-site": "cross-site", origin: "http://127.0.0.1:PORT" },
    ],
    [
      "a page whose name was re-pointed",
      421,
      { host: "evil.example:PORT", "sec-fetch-site": "same-origin" },
    ],
    [
      "such a page that posts",
      421,
      { host: "evil.example:PORT", origin: "http://evil.example:PORT" },
    ],
    ["the inspector", 200, { "sec-fetch-site": "same-origin", origin: "http://127.0.0.1:PORT" }],
    ["the inspector by another name", 200, { host: "relay.lan", origin: "http://relay.lan" }],
    ["the user", 200, { "sec-fetch-site": "none" }],
  ])("%s gets %i", async (_who, status, headers) => {
    const given = Object.entries({ ...headers, cookie }).map(([name, value]) => [
      name,
      value.replace("PORT", `${port}`),
    ]);
    for (const path of ["/_relay/", "/_relay/api/status", newLink(env, port)]) {
      const answer = await visit(port, path, { headers: Object.fromEntries(given) });

      expect(answer.status === 303 ? 200 : answer.status).toBe(status);
      expect(answer.headers).toMatchObject(guarded);
      expect(Object.keys(answer.headers).join()).not.toMatch(/access-control/);
    }
  });

  test("the inspector cannot spend the key but by what it is for", async () => {
    const origin = `http://127.0.0.1:${port}`;
    for (const path of ["/v1/models", "/_relay/health", "/_relay/x"])
      expect((await visit(port, path, { headers: { cookie, origin } })).status).toBe(403);
    expect(wire.received).toBe("");
  });

  test("nobody gets a preflight answered, and no WebSocket", async () => {
    const preflight = { origin: friend, "access-control-request-method": "POST", cookie };
    const answer = await visit(port, "/_relay/api/send", { method: "OPTIONS", headers: preflight });
    using socket = await rawConnection(
      port,
      `GET /_relay/events HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );

    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).join()).not.toMatch(/access-control/);
    expect(await socket.until("\r\n\r\n")).toMatch(/^HTTP\/1.1 404 /);
  });
});

function withCookie() {
  return { headers: { cookie } };
}

/** Of an answer that does not end. */
async function headOf(path: string) {
  const answer = await fetch(`${relay.url}${path}`, withCookie());
  await answer.body!.cancel();
  return { status: answer.status, headers: Object.fromEntries(answer.headers) };
}

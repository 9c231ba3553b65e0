import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Authority, createAuthority } from "./support/authority.ts";
import { startProxy } from "./support/proxy.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Through the proxy of a company network: CONNECT, and TLS from end to end inside.

/** A name that leads nowhere but through the proxy. */
const name = "api.openai.invalid";
const upstreamUrl = `https://${name}`;
const post = { method: "POST", body: "{}" };

let authority: Authority;
let certificate: { key: string; cert: string };

beforeAll(() => {
  authority = createAuthority();
  certificate = authority.issue({ name: `DNS:${name}` });
});

afterAll(() => authority[Symbol.dispose]());

beforeEach(() => {
  for (const variable of ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"]) {
    vi.stubEnv(variable, "");
    vi.stubEnv(variable.toLowerCase(), "");
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const start = (flags: Record<string, string> = {}) =>
  startRelay({ upstream: upstreamUrl, ca: authority.file, ...flags });

async function told(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as { error: { message: string } };
  return `${answer.status} ${answer.headers.get("x-relay-error")} ${error.message}`;
}

describe("requests go through it", () => {
  test("by HTTPS_PROXY: it learns where to, never what or with which key", async () => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start();

    for (let i = 0; i < 3; i++) {
      const answer = await fetch(`${relay.url}/v1/secret-path`, post);
      expect(await answer.text()).toBe("{}");
    }

    expect(
      upstream.seen.map(({ url, headers }) => [url, headers.host, headers.authorization]),
    ).toEqual(Array(3).fill(["/v1/secret-path", name, `Bearer ${testKey}`]));
    // The tunnel is kept like any connection.
    expect(proxy.asked).toEqual([`${name}:443`]);
    expect(proxy.headers).toMatchObject({ host: `${name}:443` });
    expect(JSON.stringify(proxy.headers)).not.toContain(testKey);
    expect(proxy.seen).not.toMatch(/secret-path|Bearer/);
  });

  test.each(["https_proxy", "ALL_PROXY", "all_proxy"])("by %s", async (variable) => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv(variable, proxy.url);
    await using relay = await start();

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
  });

  test("by a variable without a scheme: that is an http proxy", async () => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", `127.0.0.1:${proxy.port}`);
    await using relay = await start();

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
  });

  test("by the setting proxy, whatever the environment says", async () => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:9");
    vi.stubEnv("NO_PROXY", name);
    await using relay = await start({ proxy: proxy.url });

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
  });

  test("with user and password, percent-encoded in the URL", async () => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", proxy.url.replace("//", "//me:p%40ss%3Aword@"));
    await using relay = await start();

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
    const basic = Buffer.from("me:p@ss:word").toString("base64");
    expect(proxy.headers["proxy-authorization"]).toBe(`Basic ${basic}`);
    expect(upstream.seen[0]?.headers["proxy-authorization"]).toBeUndefined();
  });

  test("to a proxy that speaks TLS itself", async () => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port, tls: authority.issue() });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start();

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
    expect(proxy.asked).toEqual([`${name}:443`]);
  });

  test("and the certificate is still upstream's to show", async () => {
    await using upstream = await startUpstream(undefined, authority.issue({ name: "DNS:other" }));
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start();

    expect(await told(await fetch(`${relay.url}/v1/x`))).toMatch(
      /^502 upstream_tls .*ALTNAME_INVALID/,
    );
    expect(upstream.seen).toEqual([]);
  });

  test("which nobody can judge when SSL_CERT_FILE is not there: 502 upstream_tls", async () => {
    await using upstream = await startUpstream(undefined, certificate);
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    vi.stubEnv("SSL_CERT_FILE", "/nonexistent/ca.pem");
    await using relay = await start();

    expect(await told(await fetch(`${relay.url}/v1/x`))).toMatch(/^502 upstream_tls .*ENOENT/);
    await expect.poll(() => proxy.sockets.size).toBe(0);
  });
});

describe("requests do not go through it", () => {
  test("to names in NO_PROXY", async () => {
    await using proxy = await startProxy({ to: 9 });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    vi.stubEnv("NO_PROXY", "localhost,.openai.invalid");
    await using relay = await start();

    expect(await told(await fetch(`${relay.url}/v1/x`))).toMatch(/^502 upstream_dns /);
    expect(proxy.asked).toEqual([]);
  });

  test("when proxy is off", async () => {
    await using proxy = await startProxy({ to: 9 });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start({ proxy: "off" });

    expect(await told(await fetch(`${relay.url}/v1/x`))).toMatch(/^502 upstream_dns /);
    expect(proxy.asked).toEqual([]);
  });

  test("to an upstream on this machine", async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy({ to: 9 });
    for (const variable of ["HTTP_PROXY", "ALL_PROXY"]) vi.stubEnv(variable, proxy.url);
    await using relay = await startRelay({ upstream: upstream.url, proxy: proxy.url });

    expect((await fetch(`${relay.url}/v1/x`)).status).toBe(200);
    expect(proxy.asked).toEqual([]);
  });
});

describe("a proxy that fails", () => {
  test("by refusing: 502 upstream_refused says who, where to and how", async () => {
    await using proxy = await startProxy({
      to: 9,
      instead: (socket) =>
        socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nauth"),
    });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start();

    expect(await told(await fetch(`${relay.url}/v1/x`, post))).toBe(
      `502 upstream_refused The proxy 127.0.0.1:${proxy.port} does not lead to ${name}:443: it answered 407.`,
    );
  });

  test("by not being there: 502 upstream_refused names it, not its password", async () => {
    vi.stubEnv("HTTPS_PROXY", "http://me:secret@127.0.0.1:9");
    await using relay = await start();

    const answer = await told(await fetch(`${relay.url}/v1/x`, post));

    expect(answer).toMatch(/^502 upstream_refused .*the proxy 127\.0\.0\.1:9 \(ECONNREFUSED\)/);
    expect(answer).not.toContain("secret");
  });

  test("by having no address: 502 upstream_dns", async () => {
    vi.stubEnv("HTTPS_PROXY", "http://proxy.invalid:3128");
    await using relay = await start();

    expect(await told(await fetch(`${relay.url}/v1/x`, post))).toMatch(
      /^502 upstream_dns .*the proxy proxy\.invalid:3128/,
    );
  });

  test.each([
    ["closing", "upstream_reset", ""],
    ["talking nonsense", "upstream_bad_response", "hello\r\n\r\n"],
  ])("by %s: 502 %s", async (_, code, said) => {
    await using proxy = await startProxy({ to: 9, instead: (socket) => socket.end(said) });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start();

    expect(await told(await fetch(`${relay.url}/v1/x`, post))).toMatch(new RegExp(`^502 ${code} `));
  });

  test("by saying nothing: 504 names timeouts.connect", async () => {
    await using proxy = await startProxy({ to: 9, instead: () => {} });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start({ "timeouts.connect": "200ms" });

    expect(await told(await fetch(`${relay.url}/v1/x`, post))).toMatch(
      /^504 upstream_timeout .*timeouts\.connect/,
    );
  });

  test("by leading to one who says nothing: 504 names timeouts.connect", async () => {
    await using silent = await startRawUpstream((socket) => socket.resume());
    await using proxy = await startProxy({ to: silent.port });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start({ "timeouts.connect": "200ms" });

    expect(await told(await fetch(`${relay.url}/v1/x`, post))).toMatch(
      /^504 upstream_timeout .*timeouts\.connect/,
    );
  });

  test.each([
    ["an answer", "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"],
    ["one that ends with its connection", "\r\ndata: 1\n\n"],
  ])("in the middle of %s: the client's connection is cut", async (_, answer) => {
    await using upstream = await startUpstream(
      ({ socket }) => void socket.write(`HTTP/1.1 200 OK\r\n${answer}`),
      certificate,
    );
    await using proxy = await startProxy({ to: upstream.port });
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    await using relay = await start();
    using client = await rawConnection(relay.port, "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n");

    await client.until("data: 1");
    for (const socket of proxy.sockets) socket.resetAndDestroy();

    expect((await client.closed()).text).not.toMatch(/0\r\n\r\n$/);
  });

  test.each(["socks5://127.0.0.1:1080", "http://", "http://a b"])(
    "by being none (%s): the relay does not start, and says why",
    async (value) => {
      vi.stubEnv("HTTPS_PROXY", value);

      await expect(start()).rejects.toThrow(/HTTPS_PROXY .* must be a URL/);
    },
  );
});

test("a client that leaves takes its tunnel along", async () => {
  const asked = Promise.withResolvers<void>();
  await using upstream = await startUpstream(() => asked.resolve(), certificate);
  await using proxy = await startProxy({ to: upstream.port });
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  await using relay = await start();
  {
    using _client = await rawConnection(
      relay.port,
      "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    await asked.promise;
  }

  await expect.poll(() => proxy.sockets.size).toBe(0);
});

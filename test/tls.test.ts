import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Authority, createAuthority } from "./support/authority.ts";
import { startCommand } from "./support/command.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay, testKey } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Towards an upstream behind TLS: whom the relay trusts, and that nothing else changes.

let authority: Authority;
let good: { key: string; cert: string };

beforeAll(() => {
  authority = createAuthority();
  good = authority.issue();
});

afterAll(() => authority[Symbol.dispose]());

afterEach(() => {
  vi.unstubAllEnvs();
});

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
const post = { method: "POST", body: "{}" };

async function codeOf(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  return `${answer.status} ${answer.headers.get("x-relay-error")} ${error.message}`;
}

describe("an authority of one's own is trusted", () => {
  test("by the setting ca", async () => {
    await using upstream = await startUpstream(undefined, good);
    await using relay = await startRelay({ upstream: upstream.url, ca: authority.file });

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
    expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${testKey}`);
  });

  test("by SSL_CERT_FILE", async () => {
    vi.stubEnv("SSL_CERT_FILE", authority.file);
    await using upstream = await startUpstream(undefined, good);
    await using relay = await startRelay({ upstream: upstream.url });

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
  });

  test.each(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "RELAY_CA"])(
    "by %s of a process",
    async (name) => {
      await using upstream = await startUpstream(undefined, good);
      await using relay = startCommand(["start", "--port", "0", "--upstream", upstream.url], {
        env: { OPENAI_API_KEY: testKey, [name]: authority.file },
      });
      const [url] = await relay.until("stdout", /http:\S+/);

      expect((await fetch(`${url}/models`)).status).toBe(200);
    },
  );
});

describe("nobody else is", () => {
  type Case = [string, () => { key: string; cert: string }, boolean, RegExp];
  const cases: Case[] = [
    ["of an unknown authority", () => good, false, /UNABLE_TO_|SELF_SIGNED/],
    ["that has expired", () => authority.issue({ days: -1 }), true, /CERT_HAS_EXPIRED/],
    [
      "with another name",
      () => authority.issue({ name: "DNS:other" }),
      true,
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
  ];

  test.each(cases)(
    "a certificate %s: 502 upstream_tls, and nothing is said",
    async (_, issue, trusted, why) => {
      await using upstream = await startUpstream(undefined, issue());
      await using relay = await startRelay({
        upstream: upstream.url,
        ...(trusted && { ca: authority.file }),
      });

      const told = await codeOf(await fetch(`${relay.url}/v1/x`));

      expect(told).toMatch(/^502 upstream_tls /);
      expect(told).toMatch(why);
      expect(upstream.seen).toEqual([]);
      // A certificate does not get better by asking again.
      expect(upstream.connections).toBe(1);
    },
  );

  test("whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await using upstream = await startUpstream(undefined, good);
    await using relay = await startRelay({ upstream: upstream.url });

    expect(await codeOf(await fetch(`${relay.url}/v1/x`, post))).toMatch(/^502 upstream_tls /);
    expect(upstream.seen).toEqual([]);
  });

  test("an upstream without TLS gets nothing in clear", async () => {
    let said = "";
    await using upstream = await startRawUpstream((socket) => {
      socket.on("data", (chunk) => {
        said += chunk.toString("latin1");
        socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      });
    });
    await using relay = await startRelay({ upstream: upstream.url.replace("http:", "https:") });

    expect(await codeOf(await fetch(`${relay.url}/v1/x`, post))).toMatch(/^502 upstream_tls /);
    expect(said).not.toMatch(/POST|Bearer/);
  });

  test("a file that cannot be read says so", async () => {
    vi.stubEnv("SSL_CERT_FILE", `${authority.file}.gone`);
    await using upstream = await startUpstream(undefined, good);
    await using relay = await startRelay({ upstream: upstream.url });

    expect(await codeOf(await fetch(`${relay.url}/v1/x`, post))).toMatch(
      /^502 upstream_tls The file of SSL_CERT_FILE could not be read \(ENOENT\)/,
    );
  });
});

describe("behind TLS as without it", () => {
  test("a handshake that breaks is tried once more, for a POST as well: nothing was written", async () => {
    await using upstream = await startUpstream(undefined, good);
    let connections = 0;
    await using front = await startRawUpstream((socket) => {
      if (++connections === 1) socket.resetAndDestroy();
      else socket.pipe(connect(upstream.port, "127.0.0.1")).pipe(socket);
    });
    await using relay = await startTlsRelay(front);

    expect((await fetch(`${relay.url}/v1/x`, post)).status).toBe(200);
    expect([connections, upstream.seen.length]).toEqual([2, 1]);
  });

  test("events leave at once, and one connection serves many requests", async () => {
    let send: (text: string) => void = () => {};
    await using upstream = await startUpstream((_req, res) => {
      res.write(": hello\n\n");
      send = (text) => res.write(text);
    }, good);
    await using relay = await startTlsRelay(upstream);
    using client = await rawConnection(relay.port, get);
    await client.until(": hello");

    for (let i = 0; i < 50; i++) {
      send(`data: ${i}\n\n`);
      await client.until(`data: ${i}\n\n`);
    }
  });

  test("the client leaves: upstream is let go", async () => {
    const closed = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_req, res) => {
      res.on("close", () => closed.resolve());
      res.write("data: 1\n\n");
    }, good);
    await using relay = await startTlsRelay(upstream);
    {
      using client = await rawConnection(relay.port, get);
      await client.until("data: 1");
    }

    await closed.promise;
  });

  const leaves: [string, (front: Socket, end: () => void) => void][] = [
    ["with a close_notify", (_front, end) => end()],
    ["without one", (front) => front.end()],
    ["with a reset", (front) => front.resetAndDestroy()],
  ];
  test.each(leaves)(
    "upstream leaves in the middle %s: the client's connection is cut",
    async (_, leave) => {
      let end = () => {};
      await using upstream = await startUpstream((req, res) => {
        end = () => req.socket.end();
        res.write("data: 1\n\n");
      }, good);
      await using front = await startRawUpstream((socket) => {
        socket.pipe(connect(upstream.port, "127.0.0.1")).pipe(socket);
      });
      await using relay = await startTlsRelay(front);
      using client = await rawConnection(relay.port, get);

      await client.until("data: 1");
      for (const socket of front.sockets) leave(socket, end);

      expect((await client.closed()).text).toMatch(/\r\ndata: 1\n\n\r\n$/);
    },
  );

  test("an early answer to an upload reaches the client", async () => {
    await using upstream = await startUpstream((_req, res) => {
      res.writeHead(413, { connection: "close", "content-length": "3" }).end("big");
    }, good);
    await using relay = await startTlsRelay(upstream);

    for (let round = 0; round < 5; round++) {
      const answer = await fetch(`${relay.url}/v1/files`, {
        method: "POST",
        body: Buffer.alloc(20_000_000),
      });
      expect(`${answer.status} ${await answer.text()}`).toBe("413 big");
    }
  });

  function startTlsRelay({ port }: { port: number }) {
    return startRelay({ upstream: `https://127.0.0.1:${port}`, ca: authority.file });
  }
});

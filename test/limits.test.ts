import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../src/config/load.ts";
import { startServer } from "../src/server/server.ts";
import { follow, type RawConnection, rawConnection, rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";
import { startWire } from "./support/wire.ts";

const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const post = "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n";
const closing = "Connection: close\r\n\r\n";

/** A relay before an upstream that never answers, and the first connection between them. */
async function startSilent(flags: Record<string, string> = {}) {
  const { promise: connection, resolve } = Promise.withResolvers<RawConnection>();
  const upstream = await startRawUpstream((socket) => resolve(follow(socket)));
  const relay = await startRelay({ upstream: upstream.url, ...flags });
  return {
    relay,
    connection,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

function codeOf(answer: string): [status: number, code: string | undefined, retry: boolean] {
  const code = /\r\nx-relay-error: (\w+)\r\n/.exec(answer)?.[1];
  return [Number(answer.split(" ", 2)[1]), code, answer.includes("\r\nx-should-retry: true\r\n")];
}

// Rows 64, 105 and 118
describe("the head of a request", () => {
  test("may have 60 KB of headers and single ones of 30 KB, in thousands of lines", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url });
    const long = `X-Long: ${"x".repeat(30_000)}\r\n`;
    const many = Array.from({ length: 3_000 }, (_, n) => `x${n % 10}: 1\r\n`).join("");

    const answer = await rawExchange(relay.port, get + long + many + closing);

    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    const request = await wire.next();
    expect(request).toContain(long);
    expect(request.match(/\r\nx\d: 1/g)).toHaveLength(3_000);
  });

  test.each([
    ["one long line", `X: ${"x".repeat(70_000)}\r\n\r\n`],
    ["many lines", `${"x: 1234567890\r\n".repeat(6_000)}\r\n`],
    ["lines without an end", "x: 1234567890\r\n".repeat(6_000)],
    ["a line without an end", "x".repeat(70_000)],
  ])("is refused with 431 at 64 KB of %s", async (_what, lines) => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url });

    const answer = await rawExchange(relay.port, get + lines);

    expect(codeOf(answer)).toEqual([431, "headers_too_large", false]);
    expect(wire.received).toBe("");
  });

  test("is held to limits.headers and limits.target", async () => {
    await using wire = await startWire();
    const flags = { "limits.headers": "8kb", "limits.target": "1kb" };
    await using relay = await startRelay({ upstream: wire.url, ...flags });
    const target = (length: number) =>
      `GET /${"x".repeat(length - 1)} HTTP/1.1\r\nHost: localhost\r\n${closing}`;

    const wide = await rawExchange(relay.port, `${get}X: ${"x".repeat(9_000)}\r\n${closing}`);
    const long = await rawExchange(relay.port, target(1_025));
    const right = await rawExchange(relay.port, target(1_024));

    expect(codeOf(wide)).toEqual([431, "headers_too_large", false]);
    expect(codeOf(long)).toEqual([414, "uri_too_long", false]);
    expect(right).toMatch(/^HTTP\/1.1 200 /);
  });

  // CVE-2024-22019
  test("a flood of chunk extensions is cut", async () => {
    await using silent = await startSilent();
    const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(100_000)}`;

    const answer = await rawExchange(silent.relay.port, chunked);

    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
  });

  // Row 102. Nothing but time can show it.
  test.runIf(process.env.CI)(
    "that does not come to an end is cut within 30 seconds",
    async () => {
      await using wire = await startWire();
      await using relay = await startRelay({ upstream: wire.url });

      const started = performance.now();
      const answers = await Promise.all([
        rawExchange(relay.port, get),
        rawExchange(relay.port, ""),
      ]);

      expect(performance.now() - started).toBeLessThan(30_000);
      for (const answer of answers) expect(codeOf(answer)).toEqual([408, "request_timeout", false]);
    },
    35_000,
  );
});

// Row 117
describe("limits.body", () => {
  test("refuses a longer body before anybody hears of it", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, "limits.body": "10" });

    const long = await rawExchange(
      relay.port,
      `${post}Content-Length: 11\r\n${closing}12345678901`,
    );
    const before = wire.received;
    const right = await rawExchange(
      relay.port,
      `${post}Content-Length: 10\r\n${closing}1234567890`,
    );

    expect(codeOf(long)).toEqual([413, "body_too_large", false]);
    expect(before).toBe("");
    expect(right).toMatch(/^HTTP\/1.1 200 /);
  });

  test("cuts a longer one of unknown length off, upstream too", async () => {
    await using silent = await startSilent({ "limits.body": "10" });
    using connection = await rawConnection(
      silent.relay.port,
      `${post}Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n`,
    );
    const upstream = await silent.connection;
    await upstream.until("abcdef");

    connection.socket.write("6\r\nghijkl\r\n");

    const answer = await connection.until("body_too_large");
    expect(codeOf(answer)).toEqual([413, "body_too_large", false]);
    const { text } = await upstream.closed();
    expect(text).not.toMatch(/ghijkl|\r\n0\r\n\r\n/);
  });
});

describe("limits.requests and limits.connections", () => {
  // Row 121
  test("too many requests at once are told to come again", async () => {
    const answers: (() => void)[] = [];
    await using upstream = await startUpstream((_req, res) => answers.push(() => res.end()));
    await using relay = await startRelay({ upstream: upstream.url, "limits.requests": "1" });
    using first = await rawConnection(relay.port, `${get}${closing}`);
    await expect.poll(() => answers.length).toBe(1);

    const second = await rawExchange(relay.port, `${get}${closing}`);
    answers[0]!();
    await first.closed();
    await relay.nextOutcome();
    using third = await rawConnection(relay.port, `${get}${closing}`);
    await expect.poll(() => answers.length).toBe(2);
    answers[1]!();

    expect(codeOf(second)).toEqual([429, "relay_overloaded", true]);
    expect(second).toMatch(/\r\nRetry-After: \d+\r\n/);
    expect((await third.closed()).text).toMatch(/^HTTP\/1.1 200 /);
  });

  test("too many connections are not accepted", async () => {
    await using silent = await startSilent({ "limits.connections": "2" });
    using _first = await rawConnection(silent.relay.port, `${get}\r\n`);
    using _second = await rawConnection(silent.relay.port, `${get}\r\n`);
    await expect.poll(() => silent.relay.live).toBe(2);

    const third = await rawExchange(silent.relay.port, `${get}\r\n`);

    expect(third).toBe("");
  });
});

// Rows 100 to 103
describe("timeouts", () => {
  test("none of an answer has one unless it is asked for", async () => {
    const { config } = await loadConfig({ flags: {}, env: {}, cwd: ".", config: false });

    expect(config.timeouts).toMatchObject({ head: 0, idle: 0, total: 0 });
  });

  test.each(["head", "total"])("timeouts.%s ends a wait for the head with 504", async (name) => {
    await using silent = await startSilent({ [`timeouts.${name}`]: "100ms" });

    const answer = await rawExchange(silent.relay.port, `${post}Content-Length: 2\r\n${closing}{}`);

    expect(codeOf(answer)).toEqual([504, "upstream_timeout", false]);
    expect(answer).toContain(`timeouts.${name}`);
    await (await silent.connection).closed();
  });

  test.each(["idle", "total"])("timeouts.%s cuts an answer that stopped", async (name) => {
    await using upstream = await startUpstream((_req, res) => res.write("data: 1\n\n"));
    const flags = { [`timeouts.${name}`]: "100ms" };
    await using relay = await startRelay({ upstream: upstream.url, ...flags });

    const answer = await rawExchange(relay.port, `${get}\r\n`);

    expect(answer).toContain("data: 1\n\n");
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/);
    const { ending, error } = await relay.nextOutcome();
    expect([ending, error?.code]).toEqual(["upstream_broke", "upstream_timeout"]);
  });

  test("timeouts.connect counts the TLS handshake", async () => {
    const flags = { "timeouts.connect": "100ms" };
    await using upstream = await startRawUpstream((socket) => socket.resume());
    const url = upstream.url.replace("http:", "https:");
    await using relay = await startRelay({ upstream: url, ...flags });

    const answer = await rawExchange(relay.port, `${get}${closing}`);

    // Nothing was sent: SDKs may try again.
    expect(codeOf(answer)).toEqual([504, "upstream_timeout", true]);
    expect(answer).toContain("timeouts.connect");
  });

  test("timeouts.upload gives up a body that stopped coming", async () => {
    await using silent = await startSilent({ "timeouts.upload": "100ms" });

    const answer = await rawExchange(silent.relay.port, `${post}Content-Length: 9\r\n\r\nabc`);

    expect(codeOf(answer)).toEqual([408, "request_timeout", false]);
    await (await silent.connection).closed();
  });

  // Row 101: it is a limit between two bytes, not on the whole.
  test("a body that comes slowly is not given up", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, "timeouts.upload": "200ms" });
    using connection = await rawConnection(relay.port, `${post}Content-Length: 6\r\n\r\n`);

    for (const byte of "abcdef") {
      await new Promise((resolve) => setTimeout(resolve, 60));
      connection.socket.write(byte);
    }

    expect(await wire.next()).toMatch(/abcdef$/);
  });

  test("an answer that overtook its body does not hold the connection for ever", async () => {
    await using upstream = await startUpstream((req, res) => {
      req.once("data", () => res.writeHead(413, { connection: "close" }).end("no"));
    });
    const flags = { "timeouts.upload": "200ms", allowPaths: "/v1/x" };
    await using relay = await startRelay({ upstream: upstream.url, ...flags });
    const stalled = "Content-Length: 100000\r\n\r\nabc";

    const answers = await Promise.all([
      rawExchange(relay.port, `${post}${stalled}`),
      rawExchange(relay.port, `${post}Origin: null\r\n${stalled}`),
      rawExchange(relay.port, `${post.replace("/v1/", "/v2/")}${stalled}`),
    ]);

    expect(answers.map((answer) => codeOf(answer)[0])).toEqual([413, 403, 404]);
  });

  // Row 104: node's own 5 seconds race with the pools of SDKs.
  test("a kept connection is promised more than a minute", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url });
    using connection = await rawConnection(relay.port, `${get}\r\n`);

    const answer = await connection.until(/\r\n\r\n/);

    const seconds = /\r\nKeep-Alive: timeout=(\d+)/i.exec(answer)?.[1];
    expect(Number(seconds)).toBeGreaterThanOrEqual(65);
  });
});

// Rows 106 and 124
describe("draining", () => {
  test("lets a live answer finish, and takes nothing new", async () => {
    const finish = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (_req, res) => {
      res.write("one ");
      await finish.promise;
      res.end("two");
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using idle = await rawConnection(
      relay.port,
      `GET /_relay/health HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    await idle.until('"ok"}');
    using half = await rawConnection(relay.port, get);
    using live = await rawConnection(relay.port, `${get}\r\n`);
    await live.until("one ");

    const stopped = relay.stop();
    await idle.closed();
    const late = connect(relay.port, "127.0.0.1");
    const [refused] = (await once(late, "error")) as [NodeJS.ErrnoException];
    half.socket.write("\r\n");
    const { text: turnedAway } = await half.closed();
    finish.resolve();
    await stopped;

    expect(refused.code).toBe("ECONNREFUSED");
    expect(codeOf(turnedAway)).toEqual([503, "draining", true]);
    expect(turnedAway).toMatch(/\r\nConnection: close\r\n/i);
    expect((await live.closed()).text).toMatch(/two\r\n0\r\n\r\n$/);
    expect(upstream.seen).toHaveLength(1);
  });

  test("answers a client that asks just when it stops", async () => {
    await using relay = await startRelay({ mock: true });
    using asking = await rawConnection(relay.port);
    // Connections are accepted in turn.
    await rawExchange(relay.port, `${get}${closing}`);

    const stopped = relay.stop();
    asking.socket.write(`${get}\r\n`);

    expect(codeOf((await asking.closed()).text)).toEqual([503, "draining", true]);
    await stopped;
  });

  test("tells a client that is answered meanwhile to connect anew", async () => {
    const finish = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (_req, res) => {
      await finish.promise;
      res.end("{}");
    });
    await using relay = await startRelay({ upstream: upstream.url });
    using live = await rawConnection(relay.port, `${get}\r\n`);
    await expect.poll(() => upstream.seen.length).toBe(1);

    const stopped = relay.stop();
    finish.resolve();
    await stopped;

    expect((await live.closed()).text).toMatch(/\r\nConnection: close\r\n/i);
  });

  test("does not wait for connections on which nobody asks anything", async () => {
    await using relay = await startRelay({ mock: true });
    using silent = await rawConnection(relay.port);
    using half = await rawConnection(relay.port, get);

    const started = performance.now();
    await relay.stop();

    expect(performance.now() - started).toBeLessThan(5_000);
    await silent.closed();
    await half.closed();
  });

  test("cuts what has not ended after timeouts.drain", async () => {
    await using silent = await startSilent({ "timeouts.drain": "100ms" });
    using connection = await rawConnection(silent.relay.port, `${get}\r\n`);
    const upstream = await silent.connection;
    await upstream.until("\r\n\r\n");

    await silent.relay.stop();

    expect((await connection.closed()).text).toBe("");
    await upstream.closed();
  });
});

describe("the relay itself", () => {
  // Row 114
  test("names the paths that it does not forward or serve", async () => {
    await using wire = await startWire();
    await using relay = await startRelay({ upstream: wire.url, allowPaths: "/v1/responses" });

    const foreign = await rawExchange(relay.port, `${get}${closing}`);
    const own = await rawExchange(
      relay.port,
      `GET /_relay/x HTTP/1.1\r\nHost: localhost\r\n${closing}`,
    );

    for (const answer of [foreign, own])
      expect(codeOf(answer)).toEqual([404, "unknown_url", false]);
    expect(foreign).toContain('"type":"invalid_request_error"');
    expect(wire.received).toBe("");
  });

  // Row 122
  test("answers 500 when it fails itself, says nothing of why, and lives on", async () => {
    const { config } = await loadConfig({
      flags: { port: "0" },
      env: {},
      cwd: ".",
      config: false,
    });
    const fail = () => {
      throw new Error("secret sk-canary");
    };
    const server = await startServer({ config, answer: fail, upgrade: fail }, []);

    const empty = await rawExchange(server.port, `${get}${closing}`);
    const body = await rawExchange(server.port, `${post}Content-Length: 2\r\n${closing}{}`);
    await server.drain();

    for (const answer of [empty, body]) {
      expect(codeOf(answer)).toEqual([500, "relay_error", false]);
      expect(answer).toContain('"type":"server_error"');
      expect(answer).not.toMatch(/canary|\.ts/);
    }
    expect(server.live).toBe(0);
  });
});

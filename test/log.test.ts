import { once } from "node:events";
import { Writable } from "node:stream";
import { pino } from "pino";
import { describe, expect, test, vi } from "vitest";
import { relayBug } from "../src/errors.ts";
import type { Exchange } from "../src/exchange.ts";
import { createRequestLog } from "../src/observe/log.ts";
import { startCommand } from "./support/command.ts";
import { rawConnection } from "./support/raw.ts";
import { startRawUpstream } from "./support/upstream.ts";

// Each test starts the program, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const listening = /^(http:\/\/127\.0\.0\.1:(\d+))\/v1\n/;
const env = { OPENAI_API_KEY: "sk-canary-77aa" };

test("lines come out while the relay runs, and the last ones at its end", async () => {
  await using relay = startCommand(["start", "--mock", "--port", "0"]);
  const [, origin] = await relay.until("stdout", listening);

  await fetch(`${origin}/v1/first`);
  await relay.until("stderr", /"path":"\/v1\/first".*\n/);
  for (let i = 0; i < 100; i++) await fetch(`${origin}/v1/last/${i}`);
  relay.child.kill("SIGTERM");

  const { stderr } = await relay.ended;
  for (let i = 0; i < 100; i++) expect(stderr).toContain(`"path":"/v1/last/${i}"`);
});

describe("levels", () => {
  test("--quiet tells of what failed, and of nothing else", async () => {
    await using upstream = await startRawUpstream((socket) => socket.destroy());
    const args = ["start", "--port", "0", "--quiet", "--upstream", upstream.url];
    await using relay = startCommand(args, { env });
    const [, origin] = await relay.until("stdout", listening);

    await fetch(`${origin}/_relay/health`);
    await fetch(`${origin}/v1/x`, { method: "POST", body: "{}" });
    relay.child.kill("SIGTERM");

    const lines = (await relay.ended).stderr.trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, status: 502, path: "/v1/x" });
  });

  test("--verbose tells when a request begins as well, without query, user and password", async () => {
    await using relay = startCommand(["start", "--mock", "--port", "0", "--verbose"]);
    const [, , port] = await relay.until("stdout", listening);

    using client = await rawConnection(
      Number(port),
      `GET http://canary:canary@localhost:${port}/v1/models?canary HTTP/1.1\r\nConnection: close\r\n\r\n`,
    );
    await client.closed();
    relay.child.kill("SIGTERM");

    const { stderr } = await relay.ended;
    expect(stderr).toMatch(/"level":20,.*"method":"GET","path":"\/v1\/models","msg":"asked"/);
    expect(stderr).not.toContain("canary");
  });
});

test.each(["pretty", "json"])(
  "what a client sends cannot steer the terminal (%s)",
  async (format) => {
    const args = ["start", "--mock", "--port", "0", "--log-format", format, "--verbose"];
    await using relay = startCommand(args);
    const [, , port] = await relay.until("stdout", listening);

    using client = await rawConnection(
      Number(port),
      "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\x9b31mred\r\nConnection: close\r\n\r\n",
    );
    await client.closed();
    relay.child.kill("SIGTERM");

    const { stderr } = await relay.ended;
    expect(stderr).toContain("origin_not_allowed");
    expect(stderr).toContain("http://a?31mred");
    expect(stderr).not.toMatch(/\x9b/);
  },
);

test("a bug in the relay leaves the place in the code, not what was sent", async () => {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const log = createRequestLog(pino({}, stream));
  const error = relayBug(new TypeError("no sk-canary in\n    at sk-canary"));

  log.ended?.({ id: "1", method: "GET", target: "/v1/x", bytesIn: 0 } as Exchange, {
    ...{ ending: "refused", status: 500, bytesOut: 0, firstByteMs: 1, durationMs: 1, error },
  });
  stream.end();
  await once(stream, "finish");

  const line = JSON.parse(written.join(""));
  expect(line).toMatchObject({ error: "relay_error", cause: "TypeError" });
  expect(line.stack[0]).toMatch(/^at .*log\.test\.ts/);
  expect(written.join("")).not.toContain("canary");
});

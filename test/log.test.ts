import { pino } from "pino";
import { describe, expect, test, vi } from "vitest";
import { relayBug } from "../src/errors.ts";
import type { Exchange, Outcome } from "../src/exchange.ts";
import { createRequestLog } from "../src/observe/log.ts";
import { toRequestLine } from "../src/observe/request-line.ts";
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
    expect(stderr).toContain("http://…");
    expect(stderr).not.toMatch(/\x9b/);
  },
);

test.each([
  ["/v1/chat/completions", "/v1/chat/completions"],
  ["/v1/models/gpt-4o-mini-2024-07-18?canary", "/v1/models/gpt-4o-mini-2024-07-18"],
  ["/v1/responses:stream", "/v1/responses:stream"],
  ["/v1/responses/resp_68af4030baa48193b0b43b4c2a176a1a0e6967589f080e78/cancel#canary", undefined],
  ["/v1/fine_tuning/jobs/ftjob-abcEFG123/events", undefined],
  ["/v1/keys/sk-canary", "/v1/keys/…"],
  ["/v1/a.sk-canary.b/ek_canary/relay_canary", "/v1/…/…/…"],
  ["/v1/sk%2Dcanary/c2stY2FuYXJ5LTc3YWE=/736b2d63616e617279", "/v1/…/…/…"],
  ["/v1/8f14e45f-ceea-467f-a8d9-5d2f3b1c9e70", "/v1/…"],
  ["//me:canary@localhost/v1", "//…/v1"],
  ["http://me:canary@localhost/v1", "/v1"],
  ["/v1/\x1b[31m", "/v1/…"],
  ["localhost:443", "localhost:443"],
])("of the path %s the log tells what cannot be a secret", (target, told) => {
  const lines: string[] = [];
  const { ended } = createRequestLog({
    logger: pino(),
    lines: { write: (line) => void lines.push(line) },
  });

  ended?.({ id: "1", method: "GET", target, bytesIn: 0 } as Exchange, {
    ...{ ending: "complete", status: 200, bytesOut: 0, firstByteMs: 1, durationMs: 1 },
  });

  expect(JSON.parse(lines[0]!).path).toBe(told ?? target.split("#")[0]);
});

test("names the fault that was chosen for a call", () => {
  const exchange = { id: "1", method: "GET", target: "/v1/x", bytesIn: 0 } as Exchange;
  const outcome = { ending: "complete", status: 200, bytesOut: 0, durationMs: 1 } as Outcome;

  const line = toRequestLine(
    30,
    { ...exchange, trial: { digest: String, fault: "drip" } },
    outcome,
  );

  expect(JSON.parse(line)).toMatchObject({ ending: "complete", fault: "drip" });
  expect(JSON.parse(toRequestLine(30, exchange, outcome))).not.toHaveProperty("fault");
});

test("a bug in the relay leaves the place in the code, not what was sent", () => {
  const written: string[] = [];
  const lines = { write: (line: string) => void written.push(line) };
  const log = createRequestLog({ logger: pino(), lines });
  const error = relayBug(new TypeError("no sk-canary in\n    at sk-canary"));

  log.ended?.({ id: "1", method: "GET", target: "/v1/x", bytesIn: 0 } as Exchange, {
    ...{ ending: "refused", status: 500, bytesOut: 0, firstByteMs: 1, durationMs: 1, error },
  });

  const line = JSON.parse(written.join(""));
  expect(line).toMatchObject({ error: "relay_error", cause: "TypeError" });
  expect(line.stack[0]).toMatch(/^at .*log\.test\.ts/);
  expect(written.join("")).not.toContain("canary");
});

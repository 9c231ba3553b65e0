import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { keepJournal } from "../src/commands/keep-journal.ts";
import { startCommand } from "./support/command.ts";
import { parseExposition } from "./support/exposition.ts";
import { startCollector } from "./support/otlp.ts";
import { load } from "./support/settings.ts";
import { startUpstream } from "./support/upstream.ts";

// /_relay/metrics and traces of a relay that serves: two workers, client tokens, no journal.

vi.setConfig({ testTimeout: 60_000 });

const token = "relay_metrics_test_token_0123456789";
const key = "sk-canary-metrics-0123456789";
const traceId = "0af7651916cd43dd8448eb211c80319c";

test("a relay's page counts the calls of all workers, and each call is a span of its client's", async () => {
  await using collector = await startCollector();
  const held = Promise.withResolvers<ServerResponse>();
  await using upstream = await startUpstream((req, res) => {
    if (req.url === "/v1/held") held.resolve(res);
    else res.end("{}");
  });
  const where = ["--upstream", upstream.url, "--otlp-endpoint", collector.url];
  await using relay = startCommand(
    ["start", "--port", "0", "--workers", "2", "--no-journal", ...where],
    {
      env: { OPENAI_API_KEY: key, RELAY_TOKENS: token },
    },
  );
  const [, url] = await relay.until("stdout", /^(http\S+)\/v1\n/);
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
  // A connection of its own each: they go to the workers in turn.
  const scrape = () => ask("/_relay/metrics", { connection: "close" });

  const [refused, outside] = await Promise.all(
    ["/_relay/metrics", "/v1/models"].map((path) => fetch(`${url}${path}`)),
  );
  const posted = await ask("/_relay/metrics", { connection: "close" }, "POST");
  for (let i = 0; i < 4; i++) {
    const traceparent = `00-${traceId}-b7ad6b716920333${i}-01`;
    await (await ask(`/v1/files/file-secret-${i}`, { connection: "close", traceparent })).text();
  }
  const operation = "GET /v1/files/{file_id}";
  const page = await vi.waitFor(
    async () => {
      const page = parseExposition(await (await scrape()).text());
      expect(page.value("relay_requests_total", { operation, status: "2xx" })).toBe(4);
      expect(page.value("relay_errors_total", { code: "invalid_relay_token" })).toBe(1);
      return page;
    },
    { timeout: 20_000, interval: 50 },
  );
  const waiting = ask("/v1/held");
  const heldAnswer = await held.promise;
  const answer = await scrape();
  const now = parseExposition(await answer.clone().text());
  heldAnswer.end();
  await (await waiting).text();
  relay.child.kill("SIGTERM");
  const { code, stderr } = await relay.ended;

  expect(outside!.status).toBe(401);
  expect([refused!.status, posted.status, answer.status]).toEqual([401, 405, 200]);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  // The primary and its two workers.
  expect(page.value("relay_processes")).toBe(3);
  expect(page.value("relay_requests_in_flight")).toBe(0);
  expect(now.value("relay_requests_in_flight")).toBe(1);
  expect(now.value("relay_upstream_connections", { state: "busy" })).toBe(1);
  for (const secret of [key, token, "file-secret"]) expect(page.text).not.toContain(secret);

  const spans = collector.spans.filter(({ name }) => name === operation);
  expect(spans.map(({ parentSpanId }) => parentSpanId?.slice(-1)).sort()).toEqual([
    "0",
    "1",
    "2",
    "3",
  ]);
  expect(spans.every((span) => span.traceId === traceId)).toBe(true);
  expect(upstream.seen.slice(0, 4).map(({ headers }) => headers.traceparent?.slice(0, 35))).toEqual(
    Array(4).fill(`00-${traceId}`),
  );
  expect(code).toBe(0);
  expect(stderr).not.toContain("Traces do not arrive");
});

test("without metrics, traces and journal there is no thread for them", async () => {
  const { config } = await load({ flags: { journal: false, metrics: false } });

  expect(await keepJournal(config, "start")).toBeUndefined();
});

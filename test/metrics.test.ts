import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { operations } from "../src/conformance/operations.ts";
import type { Call } from "../src/journal/call.ts";
import { toExposition } from "../src/metrics/exposition.ts";
import { createMetrics } from "../src/metrics/metrics.ts";
import { createOperationLabels } from "../src/metrics/operation.ts";
import { endedCall as call } from "./support/ended-call.ts";
import { parseExposition } from "./support/exposition.ts";

// What /_relay/metrics says, without a relay: calls go in, text comes out.

const relay = { answers: 3, webSockets: 1, upstream: { idle: 4, busy: 2 }, lost: 5 };
const process = {
  startedAt: 5_000,
  cpuSeconds: 1,
  residentBytes: 10,
  heapBytes: 6,
  lag: { mean: 0.001, p50: 0.001, p99: 0.002, max: 0.003 },
};

const prices = { models: { "gpt-5": { input: 1 } } };

async function pageOf(...calls: Partial<Call>[]) {
  const metrics = createMetrics(prices);
  for (const changes of calls) metrics.ended({ ...call, ...changes });
  const families = await metrics.families();
  return parseExposition(await toExposition([{ process, relay, families }]));
}

describe("the page counts", () => {
  test("requests by operation, class of the status and ending, and their times", async () => {
    const page = await pageOf(
      {},
      { times: { sent: 1, end: 50 } },
      { status: 503, ending: "refused" },
    );

    const operation = "POST /v1/chat/completions";
    const labels = { kind: "http", operation };
    expect(
      page.value("relay_requests_total", { ...labels, status: "2xx", ending: "complete" }),
    ).toBe(2);
    expect(
      page.value("relay_requests_total", { ...labels, status: "5xx", ending: "refused" }),
    ).toBe(1);
    expect(page.value("relay_request_duration_seconds_sum", { operation })).toBeCloseTo(4.05);
    expect(page.value("relay_time_to_first_slice_seconds_count", { operation })).toBe(2);
    expect(page.value("relay_upstream_requests_total", { connection: "new" })).toBe(2);
    expect(page.value("relay_upstream_requests_total", { connection: "reused" })).toBe(1);
    expect(page.value("relay_upstream_connect_seconds_sum")).toBeCloseTo(0.022);
    expect(page.value("relay_response_bytes_total", { kind: "http" })).toBe(6_000);
  });

  test("tokens and cost, a dated model as its own, and what has no certain cost apart", async () => {
    const unknown = { usage: { state: "unknown" }, cost: { state: "unknown", nano: 0 } } as const;
    const page = await pageOf({ model: "gpt-5-2025-08-07" }, {}, unknown);

    const model = "gpt-5";
    expect(page.value("relay_tokens_total", { model, type: "input" })).toBe(200);
    expect(page.value("relay_tokens_total", { model, type: "cached_input" })).toBe(120);
    expect(page.value("relay_cost_usd_total", { model })).toBe(3);
    expect(page.value("relay_costed_calls_total", { model, certainty: "known" })).toBe(2);
    expect(page.value("relay_costed_calls_total", { model, certainty: "unknown" })).toBe(1);
  });

  test("WebSockets apart from requests", async () => {
    const page = await pageOf({
      kind: "websocket",
      method: "GET",
      path: "/v1/realtime",
      status: 101,
    });

    expect(page.value("relay_websocket_duration_seconds_count")).toBe(1);
    expect(page.samples("relay_request_duration_seconds_count")).toEqual([]);
  });

  test("no more than there are operations, models and codes, whatever clients send", async () => {
    const paths = ["/v1/files/", "/v1/no-such-thing/", "/sk-secret", "/", "//", "/v1/%00"];
    const calls = Array.from({ length: 600 }, (_, i) => ({
      method: i % 7 === 0 ? `M${i}` : "GET",
      path: `${paths[i % paths.length]}${i}`,
      model: `model-${i}`,
    }));
    const page = await pageOf(...calls, { path: "/v1/constructor", model: "constructor" });

    const labels = page.samples("relay_requests_total").map(({ labels }) => labels.operation);
    expect(new Set(labels)).toEqual(new Set(["GET /v1/files/{file_id}", "other"]));
    expect(page.samples("relay_cost_usd_total").map(({ labels }) => labels.model)).toEqual([
      "other",
    ]);
    expect(page.text).not.toContain("secret");
  });
});

describe("gauges", () => {
  test("are of this moment, and do not count the scrape", async () => {
    const page = await pageOf({});

    expect(page.value("relay_requests_in_flight")).toBe(2);
    expect(page.value("relay_websockets_open")).toBe(1);
    expect(page.value("relay_upstream_connections", { state: "busy" })).toBe(2);
    expect(page.value("relay_journal_lost_total")).toBe(5);
    expect(page.samples("relay_build_info")[0]!.labels).toMatchObject({ node: expect.any(String) });
  });

  test("of several processes are one: sums, the first start, the worst delay", async () => {
    const [one, two] = [createMetrics(prices), createMetrics(prices)];
    one.ended(call);
    two.ended(call);
    two.ended({ ...call, path: "/v1/models", method: "GET" });
    const late = { ...process, startedAt: 9_000, lag: { ...process.lag, max: 0.5 } };

    const page = parseExposition(
      await toExposition([
        { process },
        { process, relay, families: await one.families() },
        { process: late, relay, families: await two.families() },
      ]),
    );

    const operation = "POST /v1/chat/completions";
    expect(page.value("relay_request_duration_seconds_count", { operation })).toBe(2);
    expect(
      page.value("relay_request_duration_seconds_count", { operation: "GET /v1/models" }),
    ).toBe(1);
    expect(page.value("relay_requests_in_flight")).toBe(5);
    expect(page.value("process_start_time_seconds")).toBe(5);
    expect(page.value("process_resident_memory_bytes")).toBe(30);
    expect(page.value("nodejs_eventloop_lag_max_seconds")).toBe(0.5);
    expect(page.value("relay_processes")).toBe(3);
  });
});

test("an operation is named by its template, with or without /v1, words before parameters", () => {
  const labelOf = createOperationLabels(operations);

  expect(labelOf("GET", "/v1/files/file-1/content")).toBe("GET /v1/files/{file_id}/content");
  expect(labelOf("POST", "/threads/runs")).toBe("POST /v1/threads/runs");
  expect(labelOf("POST", "/v1/threads/t_1")).toBe("POST /v1/threads/{thread_id}");
  expect(labelOf("PATCH", "/v1/models")).toBe("other");
  expect(labelOf("GET", "/v1/files/")).toBe("other");
});

test("the Grafana dashboard asks for metrics that the relay has, by labels that they have", async () => {
  const file = new URL("../.github/grafana-dashboard.json", import.meta.url);
  const { panels } = JSON.parse(readFileSync(file, "utf8")) as Dashboard;
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const page = await pageOf({ error: "upstream_reset" });

  expect(queries.length).toBeGreaterThan(20);
  for (const query of queries) {
    const names = query.match(/\b(?:relay|process|nodejs)_\w+/g) ?? [];
    const labels = [
      ...[...query.matchAll(/(\w+)[!=~]+"/g)].map(([, label]) => label!),
      ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(", ")),
    ];
    const known = names.flatMap((name) => {
      const [sample] = page.samples(name);
      expect(sample, `${name} in ${query}`).toBeDefined();
      return Object.keys(sample!.labels);
    });

    expect(names, query).not.toEqual([]);
    // The first two are Prometheus' own.
    expect(["job", "instance", ...known], query).toEqual(expect.arrayContaining(labels));
  }
});

type Dashboard = { panels: { targets?: { expr: string }[] }[] };

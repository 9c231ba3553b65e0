import { expect, test } from "vitest";
import { findEndpoint } from "../src/trace/endpoint.ts";
import { createTraces } from "../src/trace/traces.ts";
import { endedCall as call } from "./support/ended-call.ts";
import { startCollector } from "./support/otlp.ts";
import { rawExchange } from "./support/raw.ts";
import { startRelay } from "./support/relay.ts";
import { problemsOf } from "./support/settings.ts";
import { startRawUpstream, startUpstream } from "./support/upstream.ts";

// Spans of calls, as a collector gets them by OTLP over HTTP.

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const upstream = "https://api.openai.com";

function toMs(nano: string): number {
  return Number(BigInt(nano) / 1000n) / 1000;
}

test("a call becomes a span in the words of the conventions, below the client's own", async () => {
  await using collector = await startCollector();
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const traces = createTraces({ url: `${collector.url}/v1/traces`, upstream, say });

  traces.ended(call, `00-${traceId}-${spanId}-01`);
  await traces.close();

  expect(collector.seen.map(({ url }) => url)).toEqual(["/v1/traces"]);
  expect(collector.resource).toMatchObject({ "service.name": "openai-relay" });
  const [connect, span] = collector.spans.sort((a, b) => a.name.localeCompare(b.name)).reverse();
  expect(span).toMatchObject({ name: "chat gpt-5", kind: 3, traceId, parentSpanId: spanId });
  expect(toMs(span!.startTimeUnixNano)).toBeCloseTo(call.startedAt, 1);
  expect(toMs(span!.endTimeUnixNano)).toBeCloseTo(call.startedAt + 2_000, 1);
  expect(span!.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.response.time_to_first_chunk": 0.4,
    "server.address": "api.openai.com",
    "server.port": 443,
    "http.response.status_code": 200,
    "relay.call.id": "a-1",
    "relay.tag": "nightly",
    "relay.cost.usd": 1.5,
  });
  expect(span!.events.map(({ name }) => name)).toEqual(["sent", "head", "first slice"]);
  expect(connect).toMatchObject({ name: "connect", traceId, parentSpanId: span!.spanId });
  expect(toMs(connect!.endTimeUnixNano)).toBeCloseTo(call.startedAt + 12, 1);
  expect(said).toEqual([]);
});

test("failures are told by type; what the client does not sample is not sent", async () => {
  await using collector = await startCollector();
  const traces = createTraces({ url: collector.url, upstream, say: () => {} });
  const times = { end: 5 };

  traces.ended({ ...call, times, status: 429 }, "not a traceparent");
  traces.ended({ ...call, times, ending: "upstream_broke", error: "upstream_reset" });
  traces.ended({ ...call, times, method: "GET", path: "/v1/models", ending: "client_left" });
  traces.ended(call, `00-${traceId}-${spanId}-00`);
  await traces.close();

  const told = collector.spans.map(({ name, status, attributes }) => [
    ...[name, status.code, attributes["error.type"]],
  ]);
  expect(told).toEqual([
    ["chat gpt-5", 2, "429"],
    ["chat gpt-5", 2, "upstream_reset"],
    ["GET /v1/models", 0, undefined],
  ]);
  expect(collector.spans[0]!.parentSpanId).toBeUndefined();
  // None of them was sent.
  expect(collector.spans[0]!.attributes).not.toHaveProperty("server.address");
});

test("a collector that refuses is named once, and one that is silent holds nobody up", async () => {
  await using refusing = await startCollector(400);
  await using silent = await startRawUpstream(() => {});
  const said: string[] = [];
  const say = (line: string) => void said.push(line);

  const refused = createTraces({ url: `${refusing.url}/v1/traces?secret`, upstream, say });
  for (let i = 0; i < 600; i++) refused.ended(call);
  await refused.close();
  const waiting = createTraces({ url: silent.url, upstream, say });
  waiting.ended(call);
  const began = performance.now();
  await waiting.close();

  expect(refusing.seen.length).toBeGreaterThan(1);
  expect(said).toEqual([`Traces do not arrive at ${refusing.url}: it answered 400.`]);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("nothing is sent unless the setting or a variable of OpenTelemetry's says where to", async () => {
  const base = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  const found = (otlpEndpoint: string, env: NodeJS.ProcessEnv) =>
    findEndpoint({ otlpEndpoint }, env).url;

  expect(found("", {})).toBeUndefined();
  expect(found("http://a:1/", { [base]: "http://b" })).toBe("http://a:1/v1/traces");
  expect(found("", { [base]: "http://b:2/x" })).toBe("http://b:2/x/v1/traces");
  expect(found("", { [base]: "http://b", [traces]: "http://c/own" })).toBe("http://c/own");
  expect(found("", { [base]: "http://b", OTEL_TRACES_EXPORTER: "none" })).toBeUndefined();
  expect(found("", { [base]: "http://b", OTEL_SDK_DISABLED: "true" })).toBeUndefined();
  expect(findEndpoint({ otlpEndpoint: "" }, { [base]: "localhost:4317" })).toEqual({
    remark: expect.stringContaining("no http:// or https:// URL"),
  });
  expect(await problemsOf({ flags: { otlpEndpoint: "localhost:4317" } })).toHaveLength(1);
});

test("traceparent passes as it is, and none is added", async () => {
  await using upstream = await startUpstream();
  await using relay = await startRelay({
    upstream: upstream.url,
    otlpEndpoint: "http://127.0.0.1:9",
  });
  const lines = ["TraceParent: 00-odd-Value-01", "tracestate: a=1,b=2", "TraceState: c=3"];

  for (const sent of [lines, []]) {
    const head = ["GET /v1/x HTTP/1.1", "Host: localhost", "Connection: close", ...sent];
    await rawExchange(relay.port, `${head.join("\r\n")}\r\n\r\n`);
  }

  const traced = upstream.seen.map(({ rawHeaders }) => {
    const text = rawHeaders.map((part, at) => (at % 2 ? `${part}\n` : `${part}: `)).join("");
    return text.match(/^trace.*$/gim) ?? [];
  });
  expect(traced).toEqual([lines, []]);
});

import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { get } from "node:http";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Call } from "../src/journal/call.ts";
import { exportCalls } from "../src/journal/export/export.ts";
import { canaries, leaksIn } from "./support/canaries.ts";
import { type Journaled, startJournaled } from "./support/journaled.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

const usage = '"usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}';
const answer = `{"model":"gpt-4o-mini-2024-07-18","choices":[],${usage}}`;
const completed = (model: string) =>
  `{"type":"response.completed","response":{"model":"${model}","usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}}}`;
const create = '{"type":"response.create","model":"gpt-4o"}';
const events = [
  'data: {"type":"response.created"}\n\n',
  `event: response.completed\ndata: ${completed("gpt-4o-mini")}\n\n`,
];

let upstream: Upstream;
let it: Journaled;

beforeAll(async () => {
  upstream = await startUpstream(async (req, res) => {
    const { url = "" } = req;
    req.resume();
    await once(req, "end");
    res.setHeader("content-type", "application/json");
    const coded = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync };
    const coding = new URL(url, "http://x").searchParams.get("coding") as keyof typeof coded;
    if (coding) res.setHeader("content-encoding", coding).end(coded[coding](answer));
    else if (url.includes("broken")) {
      res.writeHead(200, { "content-length": "100" });
      res.write("{", () => res.destroy());
    } else if (url.includes("/responses")) {
      res.setHeader("content-type", "text/event-stream");
      res.write(events[0]!);
      const isStuck = url.includes("stuck");
      if (!isStuck) setTimeout(() => res.write(events[1]!), 60);
      if (!url.includes("open") && !isStuck) setTimeout(() => res.end(), 90);
    } else if (url.includes("echo")) res.end(`{"error":"Incorrect API key ${canaries.client}"}`);
    else res.end(answer);
  });
  const flags = { upstream: upstream.url, capture: true, captureBody: "1mb" };
  it = await startJournaled(flags);
});

afterAll(async () => {
  await it[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

function post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const all = { "content-type": "application/json", ...headers };
  return fetch(`${it.relay.url}${path}`, { method: "POST", body, headers: all });
}

describe("a call in the journal", () => {
  test("tells of a JSON answer what was asked, how it went, and what it cost", async () => {
    const body = '{"messages":[],"model":"gpt-4o-mini"}';
    await (await post("/v1/chat/completions?x=1", body, { "x-relay-tag": "nightly" })).text();

    const call = await it.ended();
    expect(call).toMatchObject({
      ...{ kind: "http", method: "POST", path: "/v1/chat/completions", model: "gpt-4o-mini" },
      ...{ tag: "nightly", status: 200, ending: "complete", isStream: false, slices: 1 },
      ...{ bytesIn: body.length, bytesOut: answer.length, isCaptured: true },
      usage: { state: "known", input: 1000, output: 500 },
      // $0.15 and $0.60 for a million.
      cost: { state: "known", nano: 450_000 },
    });
    const { sent, head, firstSlice, end } = call.times;
    expect([0, sent!, head!, firstSlice!, end! + 0.1]).toEqual(
      [0, sent!, head!, firstSlice!, end! + 0.1].sort((a, b) => a - b),
    );
    expect(Math.abs(Date.now() - call.startedAt)).toBeLessThan(5_000);
    expect(it.body(call, "asked").toString()).toBe(body);
    expect(it.body(call, "answered").toString()).toBe(answer);
    expect(it.read((reader) => reader.heads(call.seq))!.target).toBe("/v1/chat/completions?x=1");
  });

  test("is there while it runs, and its slices have their times", async () => {
    const asked = post("/v1/responses", '{"model":"gpt-4o-mini","stream":true}');
    const running = await it.next(({ ending, slices }) => !ending && slices > 0);
    await (await asked).text();

    const call = await it.next(({ id, ending }) => id === running.id && ending !== undefined);
    expect(running).toMatchObject({ status: 200, isStream: true, model: "gpt-4o-mini" });
    expect(call).toMatchObject({ ending: "complete", slices: 2, usage: { input: 7, output: 3 } });
    expect(call.times.longestGap).toBeGreaterThan(40);
    const slices = it.slices(call, "answered");
    expect(slices.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(events);
    expect(slices[1]!.at - slices[0]!.at).toBeCloseTo(call.times.longestGap!, 0);
  });

  test.each(["gzip", "br", "zstd"])("is understood when its answer is %s", async (coding) => {
    const response = await post(`/v1/chat/completions?coding=${coding}`, '{"model":"gpt-4o"}');
    expect(await response.text()).toBe(answer);

    const call = await it.ended();
    expect(call.usage).toEqual({ state: "known", input: 1000, output: 500 });
    expect(it.body(call, "answered").length).toBe(call.bytesOut);
  });

  test("names the model of a request that is large, compressed or a form", async () => {
    const long = `{"input":"${'{\\"model\\":\\"no\\"} '.repeat(4_000)}","tools":[{"model":"no"}],"model":"late"}`;
    const form = new FormData();
    form.set("file", new Blob(["x".repeat(40_000)]), "a.wav");
    form.set("model", "whisper-1");
    const path = "/v1/chat/completions";

    await (await post(path, long)).text();
    expect((await it.ended()).model).toBe("late");
    const coded = zstdCompressSync(`{"model":"coded","input":"${"x".repeat(99_000)}"}`);
    await (await post(path, coded, { "content-encoding": "zstd" })).text();
    expect((await it.ended()).model).toBe("coded");
    await (await fetch(it.relay.url + path, { method: "POST", body: form })).text();
    expect((await it.ended()).model).toBe("whisper-1");
  });

  test("says how it ended where it did not end well", async () => {
    await expect(post("/v1/broken", "{}").then((res) => res.text())).rejects.toThrow();
    expect(await it.ended()).toMatchObject({ status: 200, ending: "upstream_broke" });

    const leaving = new AbortController();
    const url = `${it.relay.url}/v1/responses?stuck`;
    const { body } = await fetch(url, { method: "POST", body: "{}", signal: leaving.signal });
    await body!.getReader().read();
    leaving.abort();
    const left = await it.ended();
    expect(left).toMatchObject({ ending: "client_left", usage: { state: "unknown" } });
    expect(left.cost).toEqual({ state: "unknown", nano: 0 });

    get({ port: it.relay.port, path: "/v1/%2e%2e/x" }).on("response", (res) => res.resume());
    expect(await it.ended()).toMatchObject({
      status: 400,
      ending: "refused",
      error: "bad_request",
    });
  });

  test("is complete when the client leaves after the closing event", async () => {
    const leaving = new AbortController();
    const url = `${it.relay.url}/v1/responses?open`;
    const { body } = await fetch(url, { method: "POST", body: "{}", signal: leaving.signal });
    const reader = body!.getReader();
    for (let text = ""; !text.includes("response.completed"); )
      text += Buffer.from((await reader.read()).value!).toString();
    await it.next(({ ending, slices }) => !ending && slices === 2);
    leaving.abort();

    expect(await it.ended()).toMatchObject({ ending: "complete", usage: { state: "known" } });
  });

  test("has no credentials, and no request for the relay itself is one", async () => {
    await fetch(`${it.relay.url}/_relay/health`);
    const headers = {
      ...{ authorization: `Bearer ${canaries.client}`, "api-key": canaries.key.slice(0, 24) },
      ...{ cookie: canaries.plainToken, "x-relay-tag": canaries.file },
    };
    await (await post("/v1/chat/completions?echo", `{"key":"${canaries.client}"}`, headers)).text();

    const call = await it.ended();
    expect(call.path).toBe("/v1/chat/completions");
    expect(it.body(call, "answered").toString()).toMatch(/Incorrect API key sk-[x0]{20}/);
    const artefacts = ["", "-wal"].map((suffix) => ({
      where: `journal.db${suffix}`,
      text: readFileSync(it.file + suffix, "latin1"),
    }));
    expect(leaksIn(artefacts)).toEqual([]);
    expect(statSync(it.file).mode & 0o777).toBe(0o600);
    expect(statSync(`${it.file}-wal`).mode & 0o777).toBe(0o600);
  });
});

test.each([false, true])(
  "a WebSocket's messages are read and added up (compressed: %s)",
  async (perMessageDeflate) => {
    await using sockets = await startWebSocketUpstream({
      perMessageDeflate,
      onConnection: (socket) =>
        socket.on("message", () => {
          socket.send('{"type":"response.created"}');
          socket.send(completed("gpt-4o-mini"));
        }),
    });
    await using own = await startJournaled({ upstream: sockets.url, capture: true });
    const url = `${own.relay.url.replace("http", "ws")}/v1/responses`;
    const client = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
    await once(client, "open");
    const said: string[] = [];
    client.on("message", (message) => {
      said.push(String(message));
      if (said.length === 2) client.send(create);
      if (said.length === 4) client.close(1000);
    });
    client.send(create);

    const call = await own.ended();
    expect(call).toMatchObject({
      ...{ kind: "websocket", status: 101, ending: "complete", model: "gpt-4o" },
      usage: { state: "known", input: 14, output: 6 },
    });
    const kept = own
      .slices(call, "answered")
      .map(({ type, bytes }) => [type, `${Buffer.from(bytes)}`]);
    expect(kept.slice(0, 2)).toEqual([
      ["text", '{"type":"response.created"}'],
      ["text", completed("gpt-4o-mini")],
    ]);
    expect(own.slices(call, "asked").map(({ type }) => type)).toEqual(["text", "text", "close"]);

    const har = await Array.fromAsync(exportCalls(asking(own.journal), {}, "har"));
    const [entry] = JSON.parse(har.join("")).log.entries;
    expect(entry.request.url).toBe(url);
    expect(entry._webSocketMessages[0]).toMatchObject({ type: "send", opcode: 1 });
  },
);

test("an export has what was said, as other programs read it", async () => {
  const parts = await Array.fromAsync(
    exportCalls(asking(it.journal), { path: "/v1/chat/*" }, "har"),
  );
  const { log } = JSON.parse(parts.join(""));

  expect(log.version).toBe("1.2");
  const [first, , gzip] = log.entries;
  expect(first.request.postData.text).toBe('{"messages":[],"model":"gpt-4o-mini"}');
  expect(first.request.queryString).toEqual([{ name: "x", value: "1" }]);
  expect(first.response.content.text).toBe(answer);
  expect(gzip.response.content.text).toBe(answer);
  expect(first.timings.wait + first.timings.receive).toBeLessThanOrEqual(first.time);
});

function asking({ ask }: Journaled["journal"]) {
  return {
    list: (...args: Parameters<Parameters<typeof exportCalls>[0]["list"]>) => ask("list", ...args),
    find: (id: string) => ask("find", id),
    heads: (seq: number) => ask("heads", seq),
    slices: (seq: number, side: "asked" | "answered", after?: number) =>
      ask("slices", seq, side, after),
  };
}

test("a journal stays as small as it may be: the oldest bodies go first", async () => {
  const body = Buffer.alloc(200_000, "x y ");
  await using large = await startUpstream((req, res) => {
    req.resume();
    res.end(body);
  });
  await using own = await startJournaled({
    ...{ upstream: large.url, capture: true, journalSize: "1mb" },
  });
  const calls: Call[] = [];
  for (let i = 0; i < 12; i++) {
    await (await fetch(`${own.relay.url}/v1/files/${i}`)).text();
    calls.push(await own.ended());
  }

  expect(statSync(own.file).size).toBeLessThan(1.1 * 1024 ** 2);
  expect(own.read((reader) => reader.list({}, { limit: 20 }).length)).toBe(12);
  expect(own.body(calls.at(-1)!, "answered").equals(body)).toBe(true);
  expect(own.slices(calls[0]!, "answered")).toEqual([]);
  expect(own.read((reader) => reader.find(calls[0]!.id)!.isCaptured)).toBe(false);
  expect(own.said).toEqual([]);
});

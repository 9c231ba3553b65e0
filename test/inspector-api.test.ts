import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createInspector } from "../src/inspector/inspector.ts";
import type { Call, HeaderPairs } from "../src/journal/call.ts";
import type { Journal } from "../src/journal/journal.ts";
import { openReader } from "../src/journal/reader.ts";
import { type RelayServer, startServer } from "../src/server/server.ts";
import { createTestJournal, jsonHeaders, type TestJournal } from "./support/calls.ts";
import { createFolder } from "./support/folder.ts";
import { letIn, visit } from "./support/inspector.ts";
import { rawConnection } from "./support/raw.ts";
import { load } from "./support/settings.ts";

// What the inspector's page is answered, as src/inspector/api.ts says.

const home = createFolder();
const env = { HOME: home.path };
const file = home.at("journal.db");
const html: HeaderPairs = [["Content-Type", "text/html"]];
let journal: TestJournal;
let server: RelayServer;
let cookie: string;
/** Tells followers of calls. */
let tell: (calls: Call[]) => void;

beforeAll(async () => {
  journal = createTestJournal(file);
  const reader = openReader(file);
  const hearers = new Set<(calls: Call[]) => void>();
  tell = (calls) => {
    for (const hear of hearers) hear(calls);
  };
  const inProcess: Journal = {
    begin() {},
    observer: {},
    ask: async (question, ...args) =>
      (reader[question] as (...args: never) => never)(...(args as never)),
    follow(hear) {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    close: async () => reader.close(),
  };
  const { config } = await load({ flags: { port: "0", mock: true } });
  const refuse = () => {};
  const inspector = createInspector({ env, journal: inProcess, sessions: undefined });
  const settings = { config, answer: refuse, upgrade: refuse, page: inspector.page(config) };
  server = await startServer(settings, []);
  cookie = await letIn(env, server.port);

  for (let i = 1; i <= 5; i++)
    journal.put({ id: `call-${i}`, path: `/v1/${i % 2 ? "odd" : "even"}` });
  capture("html", html, "<script>fetch('/v1/x')</script>");
  capture("gzip", [...jsonHeaders, ["Content-Encoding", "gzip"]], gzipSync('{"a":1}'));
  const twice = brotliCompressSync(gzipSync("twice"));
  capture("twice", [["content-encoding", "gzip, br"]], twice);
  const long = gzipSync(Array.from({ length: 30_000 }, () => Math.random()).join());
  capture("cut", [["Content-Encoding", "gzip"]], long.subarray(0, -1_000));
  capture("odd", [["Content-Encoding", "secret"]], "as it is");
});

afterAll(async () => {
  server.cut();
  await server.drain();
  journal[Symbol.dispose]();
  home[Symbol.dispose]();
});

function capture(id: string, answered: HeaderPairs, body: string | Buffer): void {
  const seq = journal.put({ id, isCaptured: true });
  journal.heads(seq, { target: "/v1/x?y", asked: jsonHeaders, reason: "OK", answered });
  journal.add(seq, "asked", [{ at: 0, bytes: Buffer.from("{}") }]);
  const bytes = Buffer.from(body);
  const half = bytes.length >> 1;
  journal.add(seq, "answered", [{ at: 5, bytes: bytes.subarray(0, half) }]);
  journal.add(seq, "answered", [{ at: 9, bytes: bytes.subarray(half) }]);
}

const get = (path: string) => visit(server.port, `/_relay/api/${path}`, { headers: { cookie } });
const json = async (path: string) => JSON.parse((await get(path)).body);
const idsIn = ({ calls }: { calls: Call[] }) => calls.map(({ id }) => id);

test("calls come the newest first, filtered, page by page", async () => {
  expect(idsIn(await json("calls?text=call-"))).toEqual(
    [5, 4, 3, 2, 1].map((number) => `call-${number}`),
  );
  const { calls } = await json("calls?path=/v1/odd&limit=2");
  expect(idsIn({ calls })).toEqual(["call-5", "call-3"]);
  expect(idsIn(await json(`calls?path=/v1/odd&before=${calls[1].seq}`))).toEqual(["call-1"]);
  expect(idsIn(await json("calls?status=200&isRunning=true"))).toEqual([]);
  expect(idsIn(await json("calls?since=0&until=1"))).toEqual([]);
});

test.each([
  "calls?limit=x",
  "calls?before=1;DROP",
  "calls?since=-1",
  "calls/html/slices",
  "calls/html/body?side=x",
  "calls/call-1/body?side=asked",
])("%s makes no sense", async (path) => {
  expect(await get(path)).toMatchObject({
    status: 400,
    headers: { "x-relay-error": "bad_request" },
  });
});

test("a call comes with its heads, where they were kept", async () => {
  const { call, heads } = await json("calls/html");

  expect(call).toMatchObject({ id: "html", isCaptured: true });
  expect(heads).toEqual({ target: "/v1/x?y", asked: jsonHeaders, reason: "OK", answered: html });
  expect(await json("calls/call-2")).not.toHaveProperty("heads");
  for (const path of [
    "calls/nothing",
    "calls/nothing/slices?side=asked",
    "calls/x/body?side=asked",
  ])
    expect((await get(path)).headers["x-relay-error"]).toBe("unknown_call");
});

test("slices come as they were, and from where one was", async () => {
  const all = await json("calls/html/slices?side=answered");

  expect(all.slices.map(({ at }: { at: number }) => at)).toEqual([5, 9]);
  const bytes = all.slices.map((slice: { bytes: string }) => Buffer.from(slice.bytes, "base64"));
  expect(Buffer.concat(bytes).toString()).toBe("<script>fetch('/v1/x')</script>");
  expect(await json(`calls/html/slices?side=answered&after=${all.last}`)).toEqual({
    slices: [],
    last: all.last,
  });
});

test("a body is a download, never a page", async () => {
  const { status, headers, body } = await get("calls/html/body?side=answered");

  expect([status, body]).toEqual([200, "<script>fetch('/v1/x')</script>"]);
  expect(headers).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="html-answered"',
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  });
});

test("encodings of a body are undone, as far as that goes", async () => {
  expect((await get("calls/gzip/body?side=answered")).body).toBe('{"a":1}');
  expect((await get("calls/twice/body?side=answered")).body).toBe("twice");
  expect((await get("calls/odd/body?side=answered")).body).toBe("as it is");
  expect((await get("calls/cut/body?side=answered")).body).toMatch(/^0\.\d+,[\d.,e-]{400000,}$/);
});

test("events tell of calls at once", async () => {
  using stream = await openStream();
  await stream.until("\r\n:\n\n");

  const { calls } = await json("calls?limit=1");
  tell(calls);

  expect(await stream.until(/"seq":.*\n\n/)).toContain(`data: ${JSON.stringify({ calls })}\n\n`);
});

test("nothing is kept for whoever does not read", async () => {
  using lazy = await openStream("Connection: close\r\n");
  await lazy.until("\r\n:\n\n");
  lazy.socket.pause();
  const { calls } = await json("calls");
  const many = Array.from({ length: 50 }, () => calls).flat();
  const size = JSON.stringify(many).length;

  for (let told = 0; told < 40_000_000; told += size) {
    tell(many);
    await new Promise(setImmediate);
  }

  lazy.socket.resume();
  const { text } = await lazy.closed();
  // What the system holds, and no more.
  expect(text.length).toBeLessThan(20_000_000);
  expect(text).toMatch(/\r\n0\r\n\r\n$/);
});

function openStream(line = "") {
  const head = `GET /_relay/events HTTP/1.1\r\nHost: localhost\r\n${line}Cookie: ${cookie}\r\n\r\n`;
  return rawConnection(server.port, head);
}

import { once } from "node:events";
import { connect } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call, HeaderPairs } from "../src/journal/call.ts";
import { createJournal } from "../src/journal/create.ts";
import { type Relay, startRelay } from "../src/relay.ts";
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
const key = { OPENAI_API_KEY: "sk-test" };
/** Another relay that writes to the same file. */
let journal: TestJournal;
let relay: Relay;
let cookie: string;

beforeAll(async () => {
  journal = createTestJournal(file);
  const flags = { port: "0", mock: true, capture: true, journalFile: file };
  const { config } = await load({ flags });
  const own = createJournal({ config, file, command: "start", say: console.error });
  relay = await startRelay(config, [], { ...env, ...key }, { journal: own });
  cookie = await letIn(env, relay.server.port);

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
  relay.server.cut();
  await relay.stop();
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

const get = (path: string) =>
  visit(relay.server.port, `/_relay/api/${path}`, { headers: { cookie } });
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
  "export?format=exe",
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

test("calls are exported as a download: one, or those of a filter", async () => {
  const { headers, body } = await get("export?format=har&id=gzip");
  const { entries } = JSON.parse(body).log;

  expect(headers["content-disposition"]).toBe('attachment; filename="gzip.har"');
  expect(headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
  expect(entries).toHaveLength(1);
  expect(entries[0].response.content.text).toBe('{"a":1}');
  const lines = (await get("export?format=jsonl&path=/v1/odd")).body.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(["call-1", "call-3", "call-5"]);
});

test("events tell of calls at once, whichever relay they went through", async () => {
  using stream = await openStream();
  await stream.until("\r\n:\n\n");
  // As the page does: what happens after this answer is told.
  await json("calls");

  journal.put({ id: "there" });
  const [, data] = /data: (.*"there".*)\n\n/.exec(await stream.until(/"there".*\n\n/))!;
  await visit(relay.server.port, "/v1/models?here");
  const text = await stream.until(/"path":"\/v1\/models".*"ending":"complete".*\n\n/);

  expect(idsIn(JSON.parse(data!))).toEqual(["there"]);
  // What the page itself asks is no call.
  expect(text).not.toContain("_relay");
});

test("a call that is sent again says of which it is the other", async () => {
  const body = '{"model":"gpt-5","input":"Hi"}';
  const headers = { cookie, "content-type": "application/json" };
  const content = { again: "html", method: "POST", target: "/v1/responses", headers: jsonHeaders };
  const sent = await visit(relay.server.port, "/_relay/api/send", {
    ...{ method: "POST", headers },
    body: JSON.stringify({ ...content, body: Buffer.from(body).toString("base64") }),
  });
  const { id } = JSON.parse(sent.body);

  await expect.poll(async () => (await json(`calls/${id}`)).call?.ending).toBe("complete");
  const { call, heads } = await json(`calls/${id}`);
  expect(call).toMatchObject({
    again: "html",
    status: 200,
    path: "/v1/responses",
    isCaptured: true,
  });
  expect(heads.asked).toContainEqual(["Content-Type", "application/json"]);
  expect((await get(`calls/${id}/body?side=asked`)).body).toBe(body);
  expect(JSON.parse((await get(`calls/${id}/body?side=answered`)).body).status).toBe("completed");
});

test("the page is told where the journal is, and whether it keeps bodies", async () => {
  expect(await json("status")).toEqual({
    version: expect.stringMatching(/^\d/),
    url: `http://127.0.0.1:${relay.server.port}/v1`,
    isCapturing: true,
    journal: file,
    maySend: true,
  });
});

test("little is kept for whoever does not read", async () => {
  const lazy = connect({ port: relay.server.port, host: "127.0.0.1" });
  lazy.write(headOf("Connection: close\r\n"));
  await once(lazy, "readable");
  const eager = await fetch(`${relay.server.url}/_relay/events`, { headers: { cookie } });
  await json("calls");

  const errorMessage = "x".repeat(3_000_000);
  let count = 0;
  let seen = 0;
  journal.put({ id: "large", errorMessage });
  for await (const bytes of eager.body!) {
    seen += bytes.length;
    if (seen < errorMessage.length * (count + 1)) continue;
    if (++count === 10) break;
    journal.put({ id: "large", errorMessage });
  }

  let received = 0;
  for await (const bytes of lazy) received += bytes.length;
  // What the system holds, and no more; all of it is 30 MB.
  expect(received).toBeLessThan(20_000_000);
}, 20_000);

const headOf = (line = "") =>
  `GET /_relay/events HTTP/1.1\r\nHost: localhost\r\n${line}Cookie: ${cookie}\r\n\r\n`;

function openStream() {
  return rawConnection(relay.server.port, headOf());
}

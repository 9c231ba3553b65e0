import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Exchange, Observer, Outcome } from "../src/exchange.ts";
import { headerOf } from "../src/header-list.ts";
import type { Send } from "../src/inspector/api.ts";
import { createFolder } from "./support/folder.ts";
import { letIn, visit } from "./support/inspector.ts";
import { startRelay, type TestRelay, testKey } from "./support/relay.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

// `POST /_relay/api/send`: the only way in which the inspector makes the relay call OpenAI.

const home = createFolder();
const env = { HOME: home.path };
let upstream: Upstream;
let relay: TestRelay;
let cookie: string;
/** What observers were told, of calls that came to their end. */
const told: [Exchange, Outcome][] = [];
const held: ServerResponse[] = [];

const observer: Observer = { ended: (...one) => void told.push(one) };

beforeAll(async () => {
  upstream = await startUpstream((req, res) => {
    if (req.url === "/v1/held") held.push(res);
    else req.resume().on("end", () => res.end('{"ok":true}'));
  });
  const flags = { upstream: upstream.url, "policy.deny": ["DELETE /v1/*"], "limits.requests": "1" };
  relay = await startRelay(flags, { env, observers: [observer] });
  cookie = await letIn(env, relay.port);
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const call: Send = {
  again: "abc-1",
  method: "POST",
  target: "/v1/responses?x=%20",
  headers: [
    ["Content-Type", "application/json"],
    ["Authorization", "Bearer relay"],
    ["Cookie", "a=b"],
    ["Content-Length", "999"],
    ["Host", "evil.example"],
    ["X-Own", "ü"],
  ],
  body: Buffer.from('{"input":"é"}').toString("base64"),
};

const post = (content: unknown, type = "application/json") =>
  visit(relay.port, "/_relay/api/send", {
    method: "POST",
    headers: { cookie, ...(type !== "" && { "content-type": type }) },
    body: typeof content === "string" ? content : JSON.stringify(content),
  });

test("a call goes up as if it had come from outside, and the observers hear of it", async () => {
  const answer = await post(call);

  const { id } = JSON.parse(answer.body);
  expect(answer.status).toBe(200);
  await expect.poll(() => told.length).toBe(1);
  const [exchange, outcome] = told.pop()!;
  expect(exchange).toMatchObject({ id, method: "POST", target: call.target, bytesIn: 14 });
  expect(headerOf(exchange.headers, "x-relay-again")).toBe("abc-1");
  expect(outcome).toMatchObject({ ending: "complete", status: 200, bytesOut: 11 });
  const [seen] = upstream.seen.splice(0);
  expect(seen).toMatchObject({ method: "POST", url: call.target });
  expect(seen!.body.toString()).toBe('{"input":"é"}');
  expect(seen!.headers).toEqual({
    "content-type": "application/json",
    authorization: `Bearer ${testKey}`,
    "content-length": "14",
    "x-own": "ü",
    host: new URL(upstream.url).host,
    connection: "keep-alive",
  });
});

test("what a setting refuses is refused, and told", async () => {
  const { status } = await post({ ...call, method: "DELETE", body: "" });

  expect(status).toBe(200);
  await expect.poll(() => told.length).toBe(1);
  expect(told.pop()![1]).toMatchObject({ ending: "refused", error: { code: "policy_denied" } });
  expect(upstream.seen).toEqual([]);
});

test.each<[status: number, code: string, wrong: Partial<Record<keyof Send, unknown>>]>([
  [404, "unknown_url", { target: "/_relay/api/send" }],
  [400, "bad_request", { target: "/v1/../x" }],
  [400, "bad_request", { target: "/v1/x y" }],
  [400, "bad_request", { target: "https://evil.example/v1" }],
  [414, "uri_too_long", { target: `/v1/${"x".repeat(70_000)}` }],
  [405, "method_not_allowed", { method: "TRACE" }],
  [405, "method_not_allowed", { method: "CONNECT" }],
  [400, "bad_request", { method: "GET /x HTTP/1.1\r\n" }],
  [400, "bad_request", { headers: [["X", "a\r\nY: b"]] }],
  [400, "bad_request", { headers: [["X\r\nY", "a"]] }],
  [400, "bad_request", { headers: [["X", "☃"]] }],
  [400, "bad_request", { headers: [["X"]] }],
  [400, "bad_request", { headers: { X: "a" } }],
  [400, "bad_request", { body: "{}" }],
  [400, "bad_request", { again: "a\r\nb" }],
])("%i %s: it is not sent (%#)", async (status, code, wrong) => {
  const answer = await post({ ...call, ...wrong });

  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body).error.code).toBe(code);
  expect([upstream.seen.length, told.length]).toEqual([0, 0]);
});

test.each([
  ["application/x-www-form-urlencoded", 415],
  ["text/plain", 415],
  ["text/plain; application/json", 415],
  ["multipart/form-data; boundary=x", 415],
  ["", 415],
  ["application/json; charset=utf-8", 200],
])("what a form could say is not heard (%s: %i)", async (type, status) => {
  expect((await post(call, type)).status).toBe(status);

  if (status === 200) await expect.poll(() => told.splice(0).length).toBe(1);
  expect(upstream.seen.splice(0)).toHaveLength(status === 200 ? 1 : 0);
});

test.each(["", "null", "[", '"x"', "{}"])("%j is no call", async (text) => {
  expect((await post(text)).status).toBe(400);
});

test("it counts like any other, and is cut like any other", async () => {
  await post({ ...call, method: "GET", target: "/v1/held", body: "" });
  await expect.poll(() => held.length).toBe(1);

  expect(relay.live).toBe(1);
  await post(call);
  await expect.poll(() => told.pop()?.[1].error?.code).toBe("relay_overloaded");
  expect((await visit(relay.port, "/v1/models")).status).toBe(429);
  told.splice(0);
  const [res] = held;
  const gone = once(res!, "close");
  await relay[Symbol.asyncDispose]();
  await gone;
  expect(told.map(([{ target }, { ending }]) => [target, ending])).toEqual([
    ["/v1/held", "client_left"],
  ]);
});

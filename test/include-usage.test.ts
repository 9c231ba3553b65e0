import { once } from "node:events";
import { request, type ServerResponse } from "node:http";
import fc from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Exchange } from "../src/exchange.ts";
import { UsageFilter } from "../src/usage/hidden.ts";
import { usageOf } from "../src/usage/usage-of.ts";
import { startJournaled } from "./support/journaled.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const piece = (content: string, usage: object = {}) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-4o-2024-08-06", service_tier: "default", choices: [{ index: 0, delta: { content }, finish_reason: null }], ...usage })}\n\n`;
const used = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-2024-08-06","service_tier":"default","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}\n\n`;
const done = "data: [DONE]\n\n";

// One relay and one upstream for all; each test says what upstream writes.
let upstream: Upstream;
let relay: TestRelay;
let write: (res: ServerResponse) => void;
const exchanges: Exchange[] = [];
beforeAll(async () => {
  upstream = await startUpstream((req, res) => {
    req.resume();
    req.on("end", () => {
      res.setHeader("content-type", "text/event-stream; charset=utf-8");
      write(res);
    });
  });
  relay = await startRelay(
    { upstream: upstream.url, includeUsage: true },
    { observers: [{ ended: (exchange) => void exchanges.push(exchange) }] },
  );
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const chat = { model: "gpt-4o", messages: [{ role: "user" as const, content: "Hi" }] };

/** What a client without a library gets, slice by slice; `next` is called after each. */
async function slicesOf(body: string, headers: Record<string, string> = {}, next = () => {}) {
  const req = request(`${relay.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
  });
  req.end(body);
  const [res] = await once(req, "response");
  const slices: string[] = [];
  for await (const slice of res) {
    slices.push(String(slice));
    next();
  }
  return slices;
}

test("the SDK sees no usage that it did not ask for, and the relay does", async () => {
  write = (res) => res.end(piece("Hel", { usage: null }) + piece("lo") + used + done);
  const client = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "x" });

  const chunks = [];
  for await (const chunk of await client.chat.completions.create({ ...chat, stream: true }))
    chunks.push(chunk);
  await relay.nextOutcome();

  expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(["Hel", "lo"]);
  expect(chunks[0]).toHaveProperty("usage", null);
  const seen = upstream.seen.at(-1)!;
  expect(JSON.parse(String(seen.body))).toEqual({
    ...chat,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(seen.headers["accept-encoding"]).toBe("identity");
  const { usage } = exchanges.at(-1)!;
  const operation = { method: "POST", path: "/v1/chat/completions" };
  expect(usageOf(operation, usage!, { status: 200, ending: "complete" })).toEqual({
    ...{ state: "known", input: 9, output: 2 },
  });
});

test("each slice comes as upstream sent it, and the usage leaves no trace between them", async () => {
  const slices = [": hi\n\n", piece("a"), piece("b") + used + done];
  const steps = [...slices];
  let res: ServerResponse;
  write = (answer) => {
    res = answer;
    res.write(steps.shift());
  };

  const got = await slicesOf(JSON.stringify({ ...chat, stream: true }), {}, () => {
    // The next is written only when the client has the one before.
    if (steps.length > 0) res.write(steps.shift());
    else res.end();
  });

  expect(got).toEqual([slices[0], slices[1], piece("b") + done]);
});

test.each([
  ["has options of its own", { stream: true, stream_options: { include_usage: false } }],
  ["says that it has none", { stream: true, stream_options: null }],
  ["wants no stream", { stream: false }],
])("a request that %s is left alone", async (_what, more) => {
  write = (res) => res.end(piece("a") + used + done);
  const body = ` ${JSON.stringify({ ...chat, ...more }, null, 2)}`;

  const got = await slicesOf(body, { "accept-encoding": "br" });

  expect(got.join("")).toBe(piece("a") + used + done);
  expect(String(upstream.seen.at(-1)!.body)).toBe(body);
  expect(upstream.seen.at(-1)!.headers["accept-encoding"]).toBe("br");
});

test.each([["content-length"], ["chunked"]])(
  "the rest of a body is as it was (%s)",
  async (framing) => {
    write = (res) => res.end(used + done);
    const body = '\n{ "stream" : true,\t"n":1.0, "x":"\\u0041Ü" ,"n":1e0}';
    const length = { "content-length": String(Buffer.byteLength(body)) };

    const got = await slicesOf(
      body,
      framing === "chunked" ? { "transfer-encoding": "chunked" } : length,
    );

    const { headers, body: sent } = upstream.seen.at(-1)!;
    expect(got.join("")).toBe(done);
    expect(String(sent)).toBe(body.replace("{", '{"stream_options":{"include_usage":true},'));
    expect(headers["content-length"]).toBe(framing === "chunked" ? undefined : String(sent.length));
  },
);

test("a stream of any chat is the same without the usage, wherever it is cut", () => {
  const event = fc.oneof(
    fc.constantFrom(": ping\n\n", "\n", "\r\n", "event: error\r\ndata: {}\r\n\r\n", done),
    fc.constantFrom(
      'data: {"choices":[],"prompt_filter_results":[]}\n\n',
      used.replaceAll("\n", "\r\n"),
    ),
    fc.string({ unit: "binary" }).map((text) => piece(text, { usage: null })),
    fc.constantFrom(used, `data: {"usage":{"a":1},"choices":[ ]}\n\n`),
    fc.constant(piece('"choices":[],"usage":{}')),
  );
  const isUsage = (one: string) => /"choices":\[ ?\]/.test(one) && /"usage":\{"/.test(one);
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (events, places) => {
        const bytes = Buffer.from(events.join(""));
        const at = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length];
        at.sort((a, b) => a - b);
        const filter = new UsageFilter();

        const out = at.slice(1).flatMap((end, i) => filter.pass(bytes.subarray(at[i], end)));

        const wished = events.filter((one) => !isUsage(one)).join("");
        // A blank line in front of the hidden event goes with it.
        const plain = (text: string) => text.replaceAll(/(?<=^|\n)\r?\n/g, "");
        expect(plain(String(Buffer.concat([...out, filter.rest()])))).toBe(plain(wished));
      },
    ),
    { numRuns: 150 },
  );
});

test("of an event that has begun only what may be the usage is held back", () => {
  const filter = new UsageFilter();
  const passed = (text: string) => String(Buffer.concat(filter.pass(Buffer.from(text))));

  expect(passed('data: {"id":"c","choi')).toBe("");
  expect(passed('ces":[{"delta":{"content":"a')).toBe(
    'data: {"id":"c","choices":[{"delta":{"content":"a',
  );
  expect(passed('bc"}}]}\n')).toBe('bc"}}]}\n');
  expect(passed("\ndata: {")).toBe("\n");
  expect(passed('"choices":[],"usage":nu')).toBe('data: {"choices":[],"usage":nu');
});

test.skipIf(process.env.RELAY_BIN)("the journal counts what the client is not shown", async () => {
  await using journaled = await startJournaled({ mock: true, includeUsage: true });
  const client = new OpenAI({ baseURL: `${journaled.relay.url}/v1`, apiKey: "x" });

  for await (const _ of await client.chat.completions.create({ ...chat, stream: true }));

  const { usage, cost } = await journaled.ended();
  expect(usage).toMatchObject({ state: "known", input: expect.any(Number) });
  expect(cost?.state).toBe("known");
});

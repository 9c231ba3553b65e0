import { once } from "node:events";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createFolder } from "./support/folder.ts";
import { rawConnection } from "./support/raw.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

// One relay for all: each call says by header what becomes of it.
let relay: TestRelay;
beforeAll(async () => {
  relay = await startRelay({ mock: true, faultHeader: true });
});
afterAll(() => relay[Symbol.asyncDispose]());

const chat = { model: "gpt-5", messages: [{ role: "user", content: "Grüße, ☂ 🎉" }] };

/** One call with a fault, answered by the mock. */
function call(fault: string, body: object = { ...chat, stream: true }): Promise<Response> {
  return fetch(`${relay.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(fault && { "x-relay-fault": fault }) },
    body: JSON.stringify(body),
  });
}

function ask(fault: string): Promise<Response> {
  const body = JSON.stringify({ model: "gpt-5", input: "Hello", stream: true });
  const headers = { "content-type": "application/json", "x-relay-fault": fault };
  return fetch(`${relay.url}/v1/responses`, { method: "POST", headers, body });
}

/** The events of a stream, without the blank lines between. */
const eventsOf = (text: string) => text.split("\n\n").filter((event) => event !== "");

/** What a raw client receives until the connection ends, and how it ends. */
async function raw(fault: string, body: object = { ...chat, stream: true }) {
  const text = JSON.stringify(body);
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nx-relay-fault: ${fault}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
  using connection = await rawConnection(relay.port);
  connection.socket.write(head + text);
  return await connection.closed();
}

test("a large answer drips as it is read, and holds nobody else up", async () => {
  const form = new FormData();
  form.append("purpose", "user_data");
  form.append("file", new File([Buffer.alloc(3_000_000, "x")], "large.txt"));
  const upload = await fetch(`${relay.url}/v1/files`, { method: "POST", body: form });
  const { id } = (await upload.json()) as { id: string };
  const headers = { "x-relay-fault": "drip" };

  const answer = await fetch(`${relay.url}/v1/files/${id}/content`, { headers });
  const reader = answer.body!.getReader();
  let bytes = 0;
  while (bytes < 5_000) bytes += (await reader.read()).value!.length;
  await reader.cancel();
});

describe("an answer that comes instead", () => {
  test.each([
    ["rate-limit(retry-after=1500ms)", 429, { "retry-after": "2", "retry-after-ms": "1500" }],
    ["rate-limit(2s, form=seconds)", 429, { "retry-after": "2", "retry-after-ms": null }],
    ["rate-limit(form=ms)", 429, { "retry-after": null, "retry-after-ms": "1000" }],
    ["quota", 429, { "retry-after": null, "x-should-retry": null }],
    ["quota(false)", 429, { "retry-after": null, "x-should-retry": "false" }],
    ["400", 400, {}],
    ["500(should-retry=false)", 500, { "x-should-retry": "false" }],
    ["502", 502, { "content-type": "text/html" }],
    ["503(retry-after=3s)", 503, { "retry-after": "3" }],
    ["504", 504, {}],
  ])("%s", async (fault, status, headers) => {
    const answer = await call(fault);
    const body = await answer.text();

    expect(answer.status).toBe(status);
    for (const [name, value] of Object.entries(headers))
      expect(answer.headers.get(name), name).toBe(value);
    expect(answer.headers.get("x-relay-fault")).toBe(/^[^(]*/.exec(fault)![0]);
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
    if (status !== 502 && status !== 504)
      expect(JSON.parse(body).error).toEqual({
        message: expect.any(String),
        type: expect.any(String),
        param: null,
        code: status === 500 ? null : expect.any(String),
      });
  });

  test("a rate limit has the headers of one, and says a date that lies ahead", async () => {
    const answer = await call("rate-limit(retry-after=3s, form=date)");
    const { error } = (await answer.json()) as { error: { message: string } };

    expect(error).toMatchObject({ type: "requests", code: "rate_limit_exceeded" });
    expect(error.message).toContain("try again in 3s");
    const limits = ["limit", "remaining", "reset"].flatMap((what) =>
      ["requests", "tokens"].map((of) => answer.headers.get(`x-ratelimit-${what}-${of}`)),
    );
    expect(limits).toEqual(["500", "200000", "0", "199000", "3s", "300ms"]);
    const wait = Date.parse(answer.headers.get("retry-after")!) - Date.now();
    expect(wait).toBeGreaterThan(1_000);
    expect(wait).toBeLessThan(5_000);
  });

  test.each([
    ["refuse", { text: "", error: "ECONNRESET" }],
    ["refuse(close)", { text: "" }],
  ])("%s gives none at all", async (fault, ending) => {
    expect(await raw(fault)).toEqual(ending);
  });
});

describe("an answer that breaks off", () => {
  test("in order, behind an event", async () => {
    const whole = await (await call("")).text();
    const answer = await call("cut(after=2, how=clean)");

    expect(answer.headers.get("x-relay-fault")).toBe("cut");
    expect(await answer.text()).toBe(`${eventsOf(whole).slice(0, 2).join("\n\n")}\n\n`);
  });

  test.each([
    ["cut(after=2, how=close)", {}],
    ["cut(after=2, how=reset)", { error: "ECONNRESET" }],
  ])("%s: without an end, and with all that was to come before", async (fault, ending) => {
    const { text, ...how } = await raw(fault);

    expect(how).toEqual(ending);
    expect(text.match(/^data: /gm)).toHaveLength(2);
    expect(text).not.toContain("\r\n0\r\n");
    expect(text).not.toContain("[DONE]");
  });

  test("behind a byte of what is no stream, with the length of the whole or none", async () => {
    const whole = await (await call("", chat)).text();
    const closed = await raw("cut(after=100b)", chat);
    const clean = await (await call("cut(after=100b, how=clean)", chat)).text();

    expect(closed.text).toMatch(new RegExp(`content-length: ${Buffer.byteLength(whole)}`, "i"));
    expect(Buffer.from(closed.text.split("\r\n\r\n")[1]!, "latin1")).toHaveLength(100);
    expect(Buffer.from(clean).toString("latin1")).toHaveLength(100);
  });

  test("the upstream of a call that was cut is told", async () => {
    const left = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_req, res) => {
      res.on("close", () => left.resolve());
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: one\n\ndata: two\n\n");
    });
    await using live = await startRelay({ upstream: upstream.url, fault: ["cut(1, how=clean)"] });

    const answer = await fetch(`${live.url}/v1/x`, { headers: { "accept-encoding": "gzip" } });

    expect(await answer.text()).toBe("data: one\n\n");
    await left.promise;
    // Behind a packed stream nobody could count.
    expect(upstream.seen[0]!.headers["accept-encoding"]).toBeUndefined();
  });
});

describe("a stream that is odd", () => {
  test("silent for a time, then whole", async () => {
    const start = performance.now();
    const text = await (await call("stall(after=1, for=150ms)")).text();

    expect(performance.now() - start).toBeGreaterThan(140);
    expect(text).toBe(await (await call("")).text());
  });

  test("silent for ever: until the client leaves", async () => {
    const leaving = new AbortController();
    const answer = await fetch(`${relay.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-relay-fault": "stall(1)" },
      body: JSON.stringify({ ...chat, stream: true }),
      signal: leaving.signal,
    });
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    leaving.abort();

    expect(Buffer.from(value!).toString()).toMatch(/^data: .*\n\n$/);
    await expect.poll(() => relay.live).toBe(0);
  });

  test("late: the head comes after a time", async () => {
    const start = performance.now();
    const answer = await call("slow-head(for=150ms)");

    expect(performance.now() - start).toBeGreaterThan(140);
    expect(answer.headers.get("x-relay-fault")).toBe("slow-head");
    expect(await answer.text()).toContain("[DONE]");
  });

  test.each([
    ["no-done", (all: string[]) => all.filter((event) => event !== "data: [DONE]")],
    ["duplicate-event(2)", ([one, two, ...rest]: string[]) => [one, two, two, ...rest]],
    ["crlf", (all: string[]) => all],
  ])("%s, and every other byte is the same", async (fault, change) => {
    const whole = await (await call("")).text();
    let text = await (await call(fault)).text();
    if (fault === "crlf") {
      expect(text.match(/\n/g)).toHaveLength(text.match(/\r\n/g)!.length);
      text = text.replaceAll("\r\n", "\n");
    }

    expect(eventsOf(text)).toEqual(change(eventsOf(whole)));
  });

  test.each([
    ["no-done", /^(?!.*response\.completed)/s],
    [
      "error-event(after=2)",
      /^event: error\ndata: \{"type":"error","code":"server_error".*"sequence_number":2\}/m,
    ],
    ["unknown-event", /^event: relay\.unknown\ndata: \{"type":"relay\.unknown"/m],
  ])("%s of Responses has the form of Responses", async (fault, form) => {
    expect(await (await ask(fault)).text()).toMatch(form);
  });

  test("an error in a chat, and nothing behind it", async () => {
    const events = eventsOf(await (await call("error-event(after=3)")).text());

    expect(events).toHaveLength(4);
    expect(JSON.parse(events[3]!.slice(6)).error).toMatchObject({ type: "server_error" });
  });

  test("JSON that is none, of the same length", async () => {
    const whole = await (await call("", chat)).text();
    const broken = await (await call("corrupt-json", chat)).text();
    const events = eventsOf(await (await call("corrupt-json(2)")).text());

    expect(broken).toHaveLength(whole.length);
    expect(() => JSON.parse(broken)).toThrow(SyntaxError);
    const readable = events.slice(0, -1).map((event) => {
      try {
        return typeof JSON.parse(event.slice(6)) === "object";
      } catch {
        return false;
      }
    });
    expect(readable.slice(0, 3)).toEqual([true, false, true]);
  });

  /** The pieces in which a chunked body comes, as the wire has them. */
  const chunksIn = (text: string) => {
    const chunks: string[] = [];
    let rest = text.slice(text.indexOf("\r\n\r\n") + 4);
    for (let size = Number.parseInt(rest, 16); size > 0; size = Number.parseInt(rest, 16)) {
      const start = rest.indexOf("\r\n") + 2;
      chunks.push(rest.slice(start, start + size));
      rest = rest.slice(start + size + 2);
    }
    return chunks;
  };

  test.each([
    ["split-utf8", /[\xc0-\xff]$/],
    ["drip(bytes=3)", /^[\s\S]{1,3}$/],
  ])("%s: the same bytes in other slices", async (fault, slice) => {
    const whole = await (await call("")).text();
    using connection = await rawConnection(relay.port);
    const body = JSON.stringify({ ...chat, stream: true });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nx-relay-fault: ${fault}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    connection.socket.write(head + body);
    const chunks = chunksIn(await connection.until("\r\n0\r\n\r\n"));

    expect(Buffer.from(chunks.join(""), "latin1").toString()).toBe(whole);
    expect(chunks.filter((chunk) => slice.test(chunk)).length).toBeGreaterThan(3);
    if (fault === "drip(bytes=3)") expect(chunks.every((chunk) => slice.test(chunk))).toBe(true);
  });
});

describe("which calls", () => {
  const seen = async (settings: Record<string, string | string[]>, calls: string[]) => {
    await using relay = await startRelay({ mock: true, ...settings });
    const faults: (string | null)[] = [];
    for (const call of calls) {
      const [method = "", path = "", model = "gpt-5"] = call.split(" ");
      const body = JSON.stringify({ model, input: "Hi" });
      const headers = { "content-type": "application/json" };
      const init = method === "GET" ? { method } : { method, headers, body };
      const answer = await fetch(relay.url + path, init);
      await answer.arrayBuffer();
      faults.push(answer.headers.get("x-relay-fault"));
    }
    return faults;
  };

  test("by path, method, model and number", async () => {
    const fault = ["503@POST /v1/responses;nth=2", "404@/v1/models/*"];
    const calls = [
      "POST /v1/responses",
      "GET /v1/models",
      "GET /v1/models/gpt-5",
      "POST /responses",
      "POST /v1/responses",
    ];
    expect(await seen({ fault }, calls)).toEqual([null, null, "404", "503", null]);

    const byModel = ["500;model=gpt-4*;every=2", "400;model=gpt-5"];
    const models = ["gpt-4o", "GPT-4.1", "gpt-5", "gpt-6"].map((m) => `POST /v1/responses ${m}`);
    expect(await seen({ fault: byModel }, models)).toEqual([null, "500", "400", null]);
  });

  test("by chance, which the seed repeats", async () => {
    const calls = Array.from({ length: 40 }, () => "GET /v1/models");
    const fault = ["500;chance=50%", "503;chance=10%"];
    const [once, again, other] = [
      await seen({ fault, faultSeed: "7" }, calls),
      await seen({ fault, faultSeed: "7" }, calls),
      await seen({ fault, faultSeed: "8" }, calls),
    ];

    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
    const hit = once.filter((name) => name === "500").length;
    expect(hit).toBeGreaterThan(8);
    expect(hit).toBeLessThan(32);
  });

  test("one call's own fault, where that is allowed", async () => {
    await using closed = await startRelay({ mock: true });
    const headers = { "x-relay-fault": "500" };

    expect((await fetch(`${closed.url}/v1/models`, { headers })).status).toBe(200);
    expect((await fetch(`${relay.url}/v1/models`, { headers })).status).toBe(500);
    const wrong = await fetch(`${relay.url}/v1/models`, { headers: { "x-relay-fault": "50" } });
    expect(wrong.headers.get("x-relay-error")).toBe("bad_request");
    expect(await wrong.text()).toContain('character 1: \\"50\\" is no fault');
  });
});

test("the openai client repeats what a fault refused, and gets its answer", async () => {
  const fault = [
    "rate-limit(retry-after=50ms, form=ms)@/v1/chat/*;nth=1",
    "refuse@/v1/models;nth=1",
  ];
  await using live = await startRelay({ mock: true, fault });
  const openai = new OpenAI({ baseURL: `${live.url}/v1`, apiKey: "none" });

  const answer = await openai.chat.completions.create({
    model: "gpt-5",
    messages: [{ role: "user", content: "Hello" }],
  });
  const models = await openai.models.list();

  expect(answer.object).toBe("chat.completion");
  expect(models.data.length).toBeGreaterThan(0);
  expect(live.outcomes.map(({ status }) => status)).toEqual([429, 200, 0, 200]);
});

describe("a WebSocket", () => {
  /** Says what each client hears until its WebSocket is closed, and with which code. */
  async function hear(fault: string) {
    await using upstream = await startWebSocketUpstream({
      onConnection: (socket) => {
        for (const message of ["one", "x".repeat(70_000), "three"]) socket.send(message);
        socket.ping();
      },
    });
    await using live = await startRelay({ upstream: upstream.url, fault: [fault] });
    const client = new WebSocket(
      `${live.url.replace("http", "ws")}/v1/realtime?model=gpt-realtime`,
    );
    const messages: string[] = [];
    client.on("message", (data) => messages.push(String(data).slice(0, 5)));
    client.on("error", () => {});
    const code = await new Promise<number>((resolve) => client.once("close", resolve));
    const { status } = await live.nextOutcome();
    return { status, messages, code };
  }

  test.each([
    ["ws-close(code=1011, after=2)", { status: 101, messages: ["one", "xxxxx"], code: 1011 }],
    ["ws-close(4000, after=0);model=gpt-realtime", { status: 101, messages: [], code: 4000 }],
    ["ws-close(1006)", { status: 101, messages: ["one"], code: 1006 }],
    ["503@/v1/realtime", { status: 503, messages: [], code: 1006 }],
    ["refuse@/v1/realtime", { status: 0, messages: [], code: 1006 }],
  ])("%s", async (fault, expected) => {
    expect(await hear(fault)).toEqual(expected);
  });
});

test("what a tape replays breaks as well", async () => {
  using folder = createFolder();
  const init = { method: "POST", body: JSON.stringify({ ...chat, stream: true }) };
  const ask = ({ url }: TestRelay) =>
    fetch(`${url}/v1/chat/completions`, init).then((answer) => answer.text());
  await using recording = await startRelay({ mock: true, record: folder.path });
  const whole = await ask(recording);
  await recording.stop();

  const fault = ["no-done;nth=1"];
  await using replaying = await startRelay({ replay: folder.path, fault });

  expect(await ask(replaying)).toBe(whole.replace("data: [DONE]\n\n", ""));
  expect(await ask(replaying)).toBe(whole);
});

describe("what passes under a fault", () => {
  test("an upload arrives as it was sent, whether or not it is refused in the end", async () => {
    await using upstream = await startUpstream();
    await using live = await startRelay({ upstream: upstream.url, fault: ["503;nth=2"] });
    const piece = Buffer.alloc(300_000, "ü");
    const upload = () => {
      const body = ReadableStream.from([piece, piece, piece]);
      const init = { method: "POST", body, duplex: "half" as const };
      return fetch(`${live.url}/v1/files`, init).then(({ status }) => status);
    };

    expect([await upload(), await upload(), await upload()]).toEqual([200, 503, 200]);
    expect(upstream.seen.map(({ headers }) => headers["transfer-encoding"])).toEqual([
      "chunked",
      "chunked",
    ]);
    const whole = Buffer.concat([piece, piece, piece]);
    expect(upstream.seen.map(({ body }) => body.equals(whole))).toEqual([true, true]);
    expect(live.outcomes.map(({ ending }) => ending)).toEqual(["complete", "complete", "complete"]);
  });

  test("a client that does not read stops the upstream; later it gets every byte", async () => {
    const event = `data: ${"x".repeat(9_992)}\n\n`;
    const total = 3_000;
    let sent = 0;
    await using upstream = await startUpstream(async (_req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      for (; sent < total; sent++) if (!res.write(event)) await once(res, "drain");
      res.end();
    });
    await using live = await startRelay({ upstream: upstream.url, fault: ["duplicate-event(7)"] });

    const answer = await fetch(`${live.url}/v1/x`);
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = sent > 0 && sent === before;
          before = sent;
          return isStill;
        },
        { interval: 200 },
      )
      .toBe(true);
    const stopped = sent;
    const text = await answer.text();

    expect(stopped).toBeLessThan(0.75 * total);
    expect(text).toHaveLength((total + 1) * event.length);
  });
});

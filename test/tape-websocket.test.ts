import { once } from "node:events";
import { connect } from "node:net";
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { follow, rawExchange } from "./support/raw.ts";
import type { TestRelay } from "./support/relay.ts";
import { createTapeFolder } from "./support/tape.ts";
import { startRawUpstream } from "./support/upstream.ts";
import { startWebSocketUpstream } from "./support/websocket.ts";

/** What a client heard: messages, and how the connection was closed. */
type Heard = { messages: (string | Buffer)[]; code: number; reason: string };

/** Says something, and after each answer the next thing; then listens until the other side closes. */
async function talk(relay: TestRelay, say: (string | Buffer)[]): Promise<Heard> {
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime?model=m`);
  const messages: (string | Buffer)[] = [];
  const rest = [...say];
  const next = () => {
    const message = rest.shift();
    if (message !== undefined) socket.send(message);
  };
  socket.on("open", next);
  socket.on("message", (data: Buffer, isBinary) => {
    messages.push(isBinary ? data : data.toString());
    next();
  });
  const closed = once(socket, "close");
  const [code, reason] = (await closed) as [number, Buffer];
  return { messages, code, reason: reason.toString() };
}

/** Says back what it hears, `bye` closes. */
const startEcho = () =>
  startWebSocketUpstream({
    perMessageDeflate: true,
    headers: ["x-request-id: req_1", "Set-Cookie: a=1"],
    onConnection: (socket) =>
      socket.on("message", (data: Buffer, isBinary) => {
        if (data.toString() === "bye") socket.close(4001, "as you like");
        else socket.send(data, { binary: isBinary });
      }),
  });

const all = [
  "text ☃",
  Buffer.from([0, 1, 255]),
  Buffer.from("binary text"),
  "x".repeat(70_000),
  "bye",
];

test("a conversation is replayed in step, to its close", async () => {
  using tape = createTapeFolder();
  await using upstream = await startEcho();
  const live = await tape.record(upstream.url, (relay) => talk(relay, all));
  const again = await tape.replay((relay) => talk(relay, all));

  expect(live).toMatchObject({ messages: all.slice(0, 4), code: 4001, reason: "as you like" });
  expect(again).toEqual(live);
  const [asked, head, first, second] = tape.lines();
  expect(asked).toMatchObject({ method: "GET", path: "/v1/realtime", upgrade: true });
  expect(head).toMatchObject({
    status: 101,
    headers: expect.arrayContaining([["x-request-id", "req_1"]]),
  });
  expect(JSON.stringify(head)).not.toMatch(/cookie/i);
  expect(first).toMatchObject({ from: "client", text: "text ☃" });
  expect(second).toMatchObject({ from: "server", text: "text ☃" });
  expect(tape.lines().at(-1)).toMatchObject({ end: "complete" });
});

test("the server's part waits for the client's, and each handshake finds its own conversation", async () => {
  using tape = createTapeFolder();
  {
    await using upstream = await startEcho();
    await tape.record(upstream.url, async (relay) => {
      await talk(relay, ['{"event_id":"event_1","ask":1}', "bye"]);
      await talk(relay, ['{"event_id":"event_2","ask":2}', "bye"]);
    });
  }

  const [two, one] = await tape.replay(async (relay) => [
    await talk(relay, ['{"ask":2,"event_id":"event_9"}', "bye"]),
    await talk(relay, ['{"ask":1,"event_id":"event_8"}', "bye"]),
  ]);

  expect(two!.messages).toEqual(['{"event_id":"event_2","ask":2}']);
  expect(one!.messages).toEqual(['{"event_id":"event_1","ask":1}']);
});

test("a message that was never recorded is an error in words, and ends the conversation", async () => {
  using tape = createTapeFolder();
  {
    await using upstream = await startEcho();
    await tape.record(upstream.url, (relay) => talk(relay, ['{"ask":1}', '{"ask":2}', "bye"]));
  }

  const heard = await tape.replay((relay) => talk(relay, ['{"ask":1}', '{"ask":3}']));

  expect(heard).toMatchObject({ code: 1008, reason: "tape_miss" });
  expect(heard.messages[0]).toBe('{"ask":1}');
  const { type, error } = JSON.parse(String(heard.messages[1])) as Record<
    string,
    { code: string; message: string }
  >;
  expect(type).toBe("error");
  expect(error!.code).toBe("tape_miss");
  expect(error!.message).toMatch(/ask: 2 on the tape, 3 in the request/);
});

test("a client may leave without a word, and the tape says so", async () => {
  using tape = createTapeFolder();
  await using upstream = await startEcho();
  const leave = async (relay: TestRelay) => {
    const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`);
    await once(socket, "open");
    socket.send("hello");
    const [said] = await once(socket, "message");
    socket.terminate();
    await relay.nextOutcome();
    return String(said);
  };

  await tape.record(upstream.url, leave);

  expect(tape.lines().at(-1)).toMatchObject({ end: "client_left" });
  expect(await tape.replay(leave)).toBe("hello");
});

test.each([
  ["in order", "end", "truncated"],
  ["by a reset", "resetAndDestroy", "reset"],
] as const)("a conversation that broke off %s breaks off again", async (_how, act, end) => {
  using tape = createTapeFolder();
  const run = async (relay: TestRelay) => {
    const head =
      "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const socket = connect(relay.port, "127.0.0.1");
    const connection = follow(socket);
    await once(socket, "connect");
    socket.write(head);
    const { text, error } = await connection.closed();
    return { text: text.replace(/^.*?\r\n\r\n/s, ""), error };
  };
  {
    await using upstream = await startRawUpstream((socket) =>
      socket.once("data", () => {
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        );
        // A text in two frames with a ping between them.
        socket.write(Buffer.from("\x01\x02he\x89\x01p\x80\x03llo", "latin1"), () =>
          setTimeout(() => socket[act](), 20),
        );
      }),
    );
    expect((await tape.record(upstream.url, run)).text).toBe("\x01\x02he\x89\x01p\x80\x03llo");
  }

  const { text, error } = await tape.replay(run);

  expect(tape.lines().at(-1)).toMatchObject({ end });
  if (end === "reset") expect(error).toBe("ECONNRESET");
  else expect(text).toBe("\x01\x02he\x89\x01p\x80\x03llo");
});

test("a refused handshake is refused again", async () => {
  using tape = createTapeFolder();
  const ask = (relay: TestRelay) =>
    rawExchange(
      relay.port,
      "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
  await using upstream = await startRawUpstream((socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 403 Nope\r\nContent-Length: 2\r\n\r\n{}")),
  );

  const live = await tape.record(upstream.url, ask);

  expect(live).toMatch(/^HTTP\/1\.1 403 Nope\r\n/);
  expect(await tape.replay(ask)).toBe(live);
});

test("what a client says is only heard: bytes and pings go their way", async () => {
  using tape = createTapeFolder();
  await using upstream = await startEcho();

  await tape.record(upstream.url, async (relay) => {
    const socket = new WebSocket(`ws://127.0.0.1:${relay.port}/v1/realtime`);
    await once(socket, "open");
    const pong = once(socket, "pong");
    socket.ping("hi");
    expect(String((await pong)[0])).toBe("hi");
    // In three frames.
    socket.send("he", { fin: false });
    socket.send("ll", { fin: false });
    socket.send("o");
    expect(String((await once(socket, "message"))[0])).toBe("hello");
    socket.close(1000);
    await once(socket, "close");
    await relay.nextOutcome();
  });

  expect(upstream.handshakes[0]!.headers).not.toHaveProperty("sec-websocket-extensions");
  const said = tape.lines().filter(({ from }) => from !== undefined);
  expect(said).toMatchObject([
    { from: "client", text: "he", more: true },
    { from: "client", text: "ll", more: true, rest: true },
    { from: "client", text: "o", rest: true },
    { from: "server", text: "hello" },
    { from: "client", close: 1000, reason: "" },
    { from: "server", close: 1000, reason: "" },
  ]);
});

test("the SDK's ResponsesWS hears from a tape what it heard live", async () => {
  using tape = createTapeFolder();
  const use = async (relay: TestRelay) => {
    const responses = new ResponsesWS(new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "dummy" }));
    const created = new Promise<unknown>((resolve) => responses.on("response.created", resolve));
    responses.socket.on("open", () =>
      responses.send({ type: "response.create", model: "m", input: "x" }),
    );
    const heard = await created;
    responses.close();
    await relay.nextOutcome();
    return heard;
  };
  await using upstream = await startWebSocketUpstream({
    onConnection: (socket) =>
      socket.on("message", () =>
        socket.send('{"type":"response.created","sequence_number":0,"response":{}}'),
      ),
  });

  expect(await tape.record(upstream.url, use)).toMatchObject({ type: "response.created" });
  expect(await tape.replay(use)).toMatchObject({ type: "response.created" });
});

import { once } from "node:events";
import OpenAI from "openai";
import type { ResponsesServerEvent } from "openai/resources/responses/responses";
import { ResponsesWS } from "openai/resources/responses/ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startRelay, type TestRelay } from "./support/relay.ts";

let relay: TestRelay;
beforeAll(async () => {
  relay = await startRelay({ mock: true });
});
afterAll(() => relay[Symbol.asyncDispose]());

function open(path: string, url = relay.url) {
  return new WebSocket(url.replace("http", "ws") + path);
}

type Message = { type: string; [name: string]: unknown };

/** The messages of a WebSocket, one by one. */
function messagesOf(socket: WebSocket) {
  const seen: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as Message;
    const next = waiting.shift();
    if (next) next(message);
    else seen.push(message);
  });
  return async () => seen.shift() ?? new Promise<Message>((resolve) => waiting.push(resolve));
}

describe("Responses over WebSocket", () => {
  test("the OpenAI SDK gets the events that a stream over HTTP has", async () => {
    const openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "none" });
    const request = { model: "gpt-5", input: "Hello" };
    const overHttp = [];
    for await (const event of await openai.responses.create({ ...request, stream: true }))
      overHttp.push(event.type);

    const socket = new ResponsesWS(openai);
    const events: ResponsesServerEvent[] = [];
    const completed = new Promise<ResponsesServerEvent & { type: "response.completed" }>(
      (resolve, reject) => {
        socket.on("event", (event) => events.push(event));
        socket.on("response.completed", resolve);
        socket.on("error", reject);
      },
    );
    socket.send({ type: "response.create", ...request });
    const { response } = await completed;
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.close();
    await closed;

    expect(events.map(({ type }) => type)).toEqual(overHttp);
    expect(response.output).toMatchObject([
      { role: "assistant", content: [{ text: expect.stringContaining('You said: "Hello"') }] },
    ]);
    expect(await relay.nextOutcome()).toMatchObject({ status: 200 });
    expect(await relay.nextOutcome()).toMatchObject({ status: 101, ending: "complete" });
  });

  test("responses come one after the other, one that warms up has no output", async () => {
    const socket = open("/v1/responses");
    const next = messagesOf(socket);
    await once(socket, "open");
    const request = { type: "response.create", model: "gpt-5", input: "Hi" };

    socket.send(JSON.stringify({ ...request, generate: false, stream_id: "s1" }));
    socket.send(JSON.stringify(request));
    const [created, completed, begun] = [await next(), await next(), await next()];
    socket.close(1000, "enough");
    const [code, reason] = await once(socket, "close");

    expect(created).toMatchObject({
      type: "response.created",
      sequence_number: 0,
      stream_id: "s1",
    });
    expect(completed).toMatchObject({
      type: "response.completed",
      sequence_number: 1,
      response: { output: [], usage: { output_tokens: 0 } },
    });
    expect(begun.type).toBe("response.created");
    expect(begun).not.toHaveProperty("stream_id");
    expect([code, String(reason)]).toEqual([1000, "enough"]);
  });

  test("what cannot be answered is an error event with its status, and the next message is", async () => {
    const socket = open("/responses");
    const next = messagesOf(socket);
    await once(socket, "open");

    for (const text of ["nonsense", '{"type":"session.update"}', '{"type":"response.create"}'])
      socket.send(text);
    socket.send(JSON.stringify({ type: "response.create", model: "m", input: "Hi" }));
    const told = [await next(), await next(), await next(), await next()];
    socket.close();

    expect(told).toMatchObject([
      { type: "error", status: 400, error: { message: expect.stringContaining("without a type") } },
      {
        type: "error",
        status: 400,
        error: { message: expect.stringContaining("'session.update'") },
      },
      {
        ...{ type: "error", status: 400, error: { param: "model" } },
        headers: { "x-request-id": expect.stringMatching(/^req_/) },
      },
      { type: "response.created" },
    ]);
  });
});

test("a message that is too long ends the WebSocket with 1009", async () => {
  const socket = open("/v1/responses");
  await once(socket, "open");

  socket.send(Buffer.alloc(16 * 1024 ** 2 + 1, 0x20), { binary: false });
  const [code] = await once(socket, "close");

  expect(code).toBe(1009);
  await expect.poll(() => relay.tunnels).toBe(0);
});

test("a client that vanishes in the middle of an answer leaves nothing behind", async () => {
  await using slow = await startRelay({ mock: true, mockTokensPerSecond: "1" });
  const socket = open("/v1/responses", slow.url);
  const next = messagesOf(socket);
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "response.create", model: "m", input: "Hi" }));
  await next();
  const timers = timersIn(process.getActiveResourcesInfo());
  expect(timers).toBeGreaterThan(0);

  socket.terminate();

  expect(await slow.nextOutcome()).toMatchObject({ status: 101, ending: "client_left" });
  expect(slow.tunnels).toBe(0);
  await expect.poll(() => timersIn(process.getActiveResourcesInfo())).toBeLessThan(timers);
});

function timersIn(resources: string[]): number {
  return resources.filter((one) => one === "Timeout").length;
}

test.each([
  ["a path that has none", "/v1/models/gpt-5", 200],
  ["an unknown path", "/v1/nothing", 404],
])("a handshake on %s is answered like any GET", async (_, path, status) => {
  const socket = open(path);
  socket.on("error", () => {});

  const [, answer] = await once(socket, "unexpected-response");

  expect(answer.statusCode).toBe(status);
  socket.terminate();
});

test("a handshake without a key is refused, and says why", async () => {
  const { connect } = await import("node:net");
  const client = connect(relay.port, "127.0.0.1");
  client.end(
    "GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  let text = "";
  for await (const chunk of client) text += chunk;

  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain("malformed: Missing or invalid Sec-WebSocket-Key header.");
});

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";
import type { RealtimeServerEvent } from "openai/resources/realtime/realtime";
import type { ResponsesServerEvent } from "openai/resources/responses/responses";
import { ResponsesWS } from "openai/resources/responses/ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createCertificates } from "./support/certificates.ts";
import { complaintsAbout, type Told } from "./support/event-types.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";

const certificates = createCertificates();
let relay: TestRelay;
beforeAll(async () => {
  relay = await startRelay({ mock: true });
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

function open(path: string, url = relay.url) {
  return new WebSocket(url.replace("http", "ws") + path);
}

/** Every event of this file, for what the compiler says of them. */
const told: Told[] = [];

type Message = { type: string; [name: string]: unknown };

/** The messages of a WebSocket, one by one. */
function messagesOf(socket: WebSocket) {
  const seen: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as Message;
    told.push({ api: socket.url.includes("realtime") ? "Realtime" : "Responses", event: message });
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

    const warmUp = { generate: false, stream_id: "s1", max_output_tokens: 1 };
    socket.send(JSON.stringify({ ...request, ...warmUp }));
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
      response: { status: "completed", output: [], usage: { output_tokens: 0 } },
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
    const answers = [await next(), await next(), await next(), await next()];
    socket.close();

    expect(answers).toMatchObject([
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

test("messages that wait for too long a queue are refused, the others answered", async () => {
  await using slow = await startRelay({ mock: true, mockLatency: "50ms" });
  const socket = open("/v1/responses", slow.url);
  const next = messagesOf(socket);
  await once(socket, "open");

  const request = { type: "response.create", model: "m", input: "Hi", generate: true };
  for (let i = 0; i < 10; i++) socket.send(JSON.stringify(request));
  const types = [];
  while (types.filter((type) => type === "response.completed").length < 9)
    types.push((await next()).type);
  socket.close();

  expect(types[0]).toBe("error");
  expect(types.filter((type) => type === "error")).toHaveLength(1);
});

// Deeper than any function that calls itself can go.
const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

test.each([
  ["/v1/responses", `{"type":"response.create","model":"m","input":${deep}}`],
  ["/v1/realtime?model=m", `{"type":"session.update","session":{"tools":${deep}}}`],
  [
    "/v1/realtime?model=m",
    `{"type":"conversation.item.create","item":{"type":"message","a":${deep}}}`,
  ],
  ["/v1/realtime?model=m", `{"type":"response.create","response":{"input":${deep}}}`],
])(
  "a message on %s that the mock cannot bear ends neither the WebSocket nor the relay",
  async (path, text) => {
    const socket = open(path);
    const next = messagesOf(socket);
    await once(socket, "open");
    if (path.includes("realtime")) await next();

    socket.send(text);
    const failed = await next();
    socket.send('{"type":"response.create","model":"m","input":"Hi"}');

    expect(failed).toMatchObject({ type: "error", error: { type: "server_error" } });
    expect((await next()).type).toBe("response.created");
    socket.terminate();
  },
);

test("a message that is too long ends the WebSocket with 1009", async () => {
  const socket = open("/v1/responses");
  await once(socket, "open");

  socket.send(Buffer.alloc(16 * 1024 ** 2 + 1, 0x20), { binary: false });
  const [code] = await once(socket, "close");

  expect(code).toBe(1009);
  await expect.poll(() => relay.tunnels).toBe(0);
});

test("a client that vanishes in the middle of an answer leaves nothing behind", {
  timeout: 15_000,
}, async () => {
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
  // Others in this process have timers of some seconds too.
  const left = () => timersIn(process.getActiveResourcesInfo());
  await expect.poll(left, { timeout: 10_000 }).toBeLessThan(timers);
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
  const client = connect(relay.port, "127.0.0.1");
  client.end(
    "GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  let text = "";
  for await (const chunk of client) text += chunk;

  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).toContain("malformed: Missing or invalid Sec-WebSocket-Key header.");
});

describe("Realtime over WebSocket", () => {
  test("the OpenAI SDK converses: text, and audio with its transcript", async () => {
    await using secure = await startRelay({ mock: true, ...certificates.settings });
    const openai = new OpenAI({ baseURL: `${secure.url}/v1`, apiKey: "none" });
    const session = new OpenAIRealtimeWS(
      { model: "gpt-realtime", options: { ca: readFileSync(certificates.caFile) } },
      openai,
    );
    const events: RealtimeServerEvent[] = [];
    session.on("event", (event) => {
      events.push(event);
      told.push({ api: "Realtime", event });
    });
    const next = <T extends RealtimeServerEvent["type"]>(type: T) =>
      new Promise<RealtimeServerEvent & { type: T }>((resolve, reject) => {
        session.once(type as "response.done", resolve as never);
        session.once("error", reject);
      });

    const created = await next("session.created");
    session.send({
      type: "session.update",
      session: {
        type: "realtime",
        output_modalities: ["text"],
        audio: { output: { voice: "ash" } },
      },
    });
    const updated = await next("session.updated");
    session.send({
      type: "conversation.item.create",
      item: {
        ...{ type: "message", role: "user" },
        content: [{ type: "input_text", text: "Hello" }],
      },
    });
    session.send({ type: "response.create" });
    const inText = await next("response.done");
    const textEvents = events.splice(0);
    session.send({ type: "response.create", response: { output_modalities: ["audio"] } });
    const inAudio = await next("response.done");
    session.close();
    await once(session.socket, "close");

    expect(created.session).toMatchObject({ model: "gpt-realtime", output_modalities: ["audio"] });
    expect(updated.session).toMatchObject({
      ...{ type: "realtime", output_modalities: ["text"] },
      audio: { input: { turn_detection: null }, output: { voice: "ash", speed: 1 } },
    });
    const said = expect.stringContaining('You said: "Hello"');
    expect(inText.response).toMatchObject({
      status: "completed",
      output: [{ role: "assistant", content: [{ type: "output_text", text: said }] }],
    });
    expect(inAudio.response.output).toMatchObject([
      { content: [{ type: "output_audio", transcript: said }] },
    ]);
    expect(inAudio.response.usage!.output_token_details!.audio_tokens).toBeGreaterThan(0);

    expect(typesOf(textEvents)).toEqual([
      "session.created",
      "session.updated",
      "conversation.item.added",
      "conversation.item.done",
      "response.created",
      "response.output_item.added",
      "conversation.item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
    ]);
    expect(joined(textEvents, "response.output_text.delta")).toEqual(said);
    expect(joined(events, "response.output_audio_transcript.delta")).toEqual(said);
    const audio = events.flatMap((one) =>
      one.type === "response.output_audio.delta" ? Buffer.from(one.delta, "base64").length : [],
    );
    // A tenth of a second each, at 24 kHz and 16 bits.
    expect(new Set(audio)).toEqual(new Set([4_800]));
    const ids = [...textEvents, ...events].map((event) => "event_id" in event && event.event_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("audio is counted, committed and cleared, and transcribed where that was asked for", async () => {
    await using session = await openRealtime("?intent=transcription");
    const transcription = { model: "whisper-1" };

    session.send({ type: "session.update", session: { audio: { input: { transcription } } } });
    const second = Buffer.alloc(48_000).toString("base64");
    session.send({ type: "input_audio_buffer.append", audio: second });
    session.send({ type: "input_audio_buffer.clear" });
    session.send({ type: "input_audio_buffer.commit" });
    for (let i = 0; i < 2; i++) session.send({ type: "input_audio_buffer.append", audio: second });
    session.send({ type: "input_audio_buffer.commit" });
    session.send({ type: "response.create" });

    expect(session.created.session).toMatchObject({ type: "transcription" });
    expect(await session.take(9)).toMatchObject([
      { type: "session.updated", session: { audio: { input: { transcription } } } },
      { type: "input_audio_buffer.cleared" },
      { type: "error", error: { code: "input_audio_buffer_commit_empty" } },
      { type: "input_audio_buffer.committed", previous_item_id: null },
      { type: "conversation.item.added", item: { content: [{ type: "input_audio" }] } },
      { type: "conversation.item.done" },
      { type: "conversation.item.input_audio_transcription.delta" },
      {
        type: "conversation.item.input_audio_transcription.completed",
        usage: { type: "duration", seconds: 2 },
      },
      { type: "error", error: { message: "A transcription session makes no responses." } },
    ]);
  });

  test("what is of the wrong kind is the client's mistake, and named", async () => {
    await using session = await openRealtime("?model=m");
    const item = { type: "message", role: "user", content: [] };

    session.send({ type: "conversation.item.create", item: { ...item, id: "a" } });
    session.send({ type: "conversation.item.create", item: { ...item, id: "a" } });
    session.send({ type: "conversation.item.create", item: { ...item, id: 5 } });
    session.send({ type: "response.create", response: { output_modalities: 7 } });

    const events = await session.take(5);
    expect(events.slice(2)).toMatchObject([
      { type: "error", error: { param: "item.id", message: expect.stringContaining("already") } },
      { type: "error", error: { param: "item.id", message: expect.stringContaining("a string") } },
      { type: "error", error: { param: "response.output_modalities" } },
    ]);
  });

  test("items are put in their places, told, and deleted", async () => {
    await using session = await openRealtime("?model=m");
    const item = (id: string) => ({ id, type: "message", role: "user", content: [] });

    session.send({ type: "conversation.item.create", item: item("b") });
    const begin = { item: item("a"), previous_item_id: "root" };
    session.send({ type: "conversation.item.create", ...begin });
    session.send({ type: "conversation.item.retrieve", item_id: "b" });
    session.send({ type: "conversation.item.delete", item_id: "b" });
    session.send({ type: "conversation.item.retrieve", item_id: "b", event_id: "mine" });
    session.send({ type: "conversation.item.create", item: { type: "thought" } });

    expect(await session.take(8)).toMatchObject([
      { type: "conversation.item.added", previous_item_id: null, item: { status: "completed" } },
      { type: "conversation.item.done" },
      { type: "conversation.item.added", previous_item_id: "root", item: { id: "a" } },
      { type: "conversation.item.done" },
      { type: "conversation.item.retrieved", item: { id: "b" } },
      { type: "conversation.item.deleted", item_id: "b" },
      { type: "error", error: { code: "item_not_found", event_id: "mine", param: "item_id" } },
      { type: "error", error: { param: "item.type", event_id: null } },
    ]);
  });

  test("a tool that the user names is called, and its result answered in words", async () => {
    await using session = await openRealtime("?model=m");
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tools = [{ type: "function", name: "get_weather", parameters }];
    const content = [{ type: "input_text", text: "Call get_weather" }];
    const done = async () => {
      let one = await session.next();
      while (one.type !== "response.done") one = await session.next();
      return one.response as { output: Message[] };
    };

    session.send({ type: "session.update", session: { tools, output_modalities: ["text"] } });
    session.send({
      type: "conversation.item.create",
      item: { type: "message", role: "user", content },
    });
    session.send({ type: "response.create" });
    const [call] = (await done()).output;
    const { call_id } = call!;
    const result = { type: "function_call_output", call_id, output: "rain" };
    session.send({ type: "conversation.item.create", item: result });
    session.send({ type: "response.create" });
    const [said] = (await done()).output;

    expect(call).toMatchObject({ type: "function_call", name: "get_weather", status: "completed" });
    expect(JSON.parse(String(call!.arguments))).toEqual({ city: expect.any(String) });
    expect(said).toMatchObject({ type: "message", role: "assistant" });
  });

  test("a second response must wait, one that is cancelled ends so, outside of the conversation none is kept", async () => {
    await using slow = await startRelay({ mock: true, mockTokensPerSecond: "20" });
    await using session = await openRealtime("?model=m", slow.url);

    session.send({ type: "response.cancel" });
    session.send({
      type: "response.create",
      response: { conversation: "none", metadata: { a: "b" } },
    });
    const [none, created] = await session.take(2);
    session.send({ type: "response.create" });
    session.send({ type: "response.cancel" });
    const rest = [];
    for (let one = await session.next(); one.type !== "response.done"; one = await session.next())
      rest.push(one);
    session.send({ type: "response.create" });

    expect(none).toMatchObject({ type: "error", error: { code: "response_cancel_not_active" } });
    expect(created).toMatchObject({ type: "response.created", response: { metadata: { a: "b" } } });
    expect(created!.response).not.toHaveProperty("conversation_id");
    const code = "conversation_already_has_active_response";
    expect(rest.filter(({ type }) => type === "error")).toMatchObject([{ error: { code } }]);
    expect(rest.filter(({ type }) => type.startsWith("conversation."))).toEqual([]);
    expect(await session.next()).toMatchObject({ type: "response.created" });
  });

  test("a response over the limit fails, and each tells what is left", async () => {
    await using limited = await startRelay({ mock: true, mockRequestsPerMinute: "1" });
    await using session = await openRealtime("?model=m", limited.url);
    const toDone = async () => {
      session.send({ type: "response.create" });
      const all = [await session.next()];
      while (all.at(-1)!.type !== "response.done") all.push(await session.next());
      return all;
    };

    const [, rates] = await toDone();
    const failed = (await toDone()).at(-1)!;

    expect(rates).toMatchObject({
      type: "rate_limits.updated",
      rate_limits: [{ name: "requests", limit: 1, remaining: 0, reset_seconds: 60 }],
    });
    expect(failed.response).toMatchObject({
      ...{ status: "failed", output: [] },
      status_details: { type: "failed", error: { code: "rate_limit_exceeded" } },
    });
  });

  test.each([
    ["nonsense", "type"],
    ['{"type":"session.updat"}', "type"],
    ['{"type":"toString"}', "type"],
    ['{"type":"session.update"}', "session"],
    ['{"type":"input_audio_buffer.append","audio":"ä"}', "audio"],
  ])("%s is answered with an error event about %s", async (text, param) => {
    await using session = await openRealtime("?model=m");

    session.socket.send(text);

    expect(await session.next()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", param },
    });
  });

  test("without a model it ends with 4000, and says why", async () => {
    const socket = open("/v1/realtime");
    const next = messagesOf(socket);

    const [code, reason] = await once(socket, "close");

    expect(await next()).toMatchObject({ type: "error", error: { code: "missing_model" } });
    expect([code, String(reason)]).toEqual([4000, "invalid_request_error.missing_model"]);
  });

  test("a browser that offers a key among its subprotocols gets realtime back", async () => {
    const protocols = ["openai-insecure-api-key.none", "realtime"];
    const socket = new WebSocket(
      `${relay.url.replace("http", "ws")}/v1/realtime?model=m`,
      protocols,
    );
    await once(socket, "open");

    expect(socket.protocol).toBe("realtime");
    socket.close();
  });
});

test("every event above is one that the types of the OpenAI SDK know", {
  timeout: 30_000,
}, async () => {
  expect(told.length).toBeGreaterThan(50);
  const wrong = { type: "response.created", event_id: "e", response: { status: "odd" } };

  const complaints = await complaintsAbout([...told, { api: "Realtime", event: wrong }]);

  expect(complaints.match(/^events\.ts.*/gm)).toEqual([expect.stringContaining('"odd"')]);
});

async function openRealtime(query: string, url = relay.url) {
  const socket = open(`/v1/realtime${query}`, url);
  const next = messagesOf(socket);
  return {
    socket,
    next,
    created: await next(),
    send: (event: object) => socket.send(JSON.stringify(event)),
    async take(count: number) {
      const taken: Message[] = [];
      while (taken.length < count) taken.push(await next());
      return taken as (Message & { [name: string]: object })[];
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
    },
  };
}

/** The types of events, each run of the same one once. */
function typesOf(events: { type: string }[]): string[] {
  return events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
}

function joined(events: RealtimeServerEvent[], type: string): string {
  return events
    .flatMap((event) => (event.type === type && "delta" in event ? event.delta : []))
    .join("");
}

import { once } from "node:events";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { scriptJsonSchema } from "../src/mock/script/json-schema.ts";
import { loadScript } from "../src/mock/script/load.ts";
import { check } from "./support/check.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";

const weather = { name: "get_weather", arguments: { city: "Oslo" } };

const script = `
version: 1
answers:
  - when: { path: "POST /v1/chat/*", text: WEATHER, call: 1 }
    text: Let me see.
    toolCalls:
      - { name: get_weather, arguments: { city: Oslo } }
  - when: { text: weather, call: 2 }
    error: { status: 503, message: Too cloudy, code: cloudy, headers: { retry-after-ms: "1" } }
  - when: { matches: "^(sunny|rainy)\\\\?$", model: "gpt-5*" }
    json: { sky: blue }
    latency: 120ms
    delay: 20ms
  - when: { path: /v1/embeddings }
    embedding: [[1, 0], [0, 1]]
  - when: { path: /v1/models/gone }
    raw:
      status: 410
      headers: { content-type: text/plain, x-odd: "yes" }
      body: gone
  - when: { path: "DELETE /v1/models/*" }
    raw: { body: { deleted: true } }
  - when: { text: weather }
    text: It rains.
  - when: { text: both }
    text: Let me see.
    toolCalls: [{ name: get_weather, id: call_1 }]
`;

async function startScripted(text = script, name = "script.yaml") {
  const folder = createFolder({ [name]: text });
  const relay = await startRelay({ mock: true, mockScript: folder.at(name) });
  const openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "none", maxRetries: 0 });
  return {
    ...{ relay, openai },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const user = (content: string) => [{ role: "user" as const, content }];

test("the n-th request that fits gets its own answer, whole or streamed, and the last rule the rest", async () => {
  await using mock = await startScripted();
  const { completions } = mock.openai.chat;
  const request = { model: "gpt-5", messages: user("What is the weather?") };

  const first = completions.stream(request);
  const [streamed] = (await first.finalChatCompletion()).choices;
  const second = completions.create(request);
  await expect(second).rejects.toMatchObject({ status: 503, code: "cloudy", type: "server_error" });
  const third = await completions.create(request);
  const other = await completions.create({ model: "gpt-5", messages: user("Hi") });

  expect(streamed).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: "Let me see.",
      tool_calls: [{ type: "function", function: { name: weather.name } }],
    },
  });
  const [call] = streamed!.message.tool_calls!;
  expect(JSON.parse((call as { function: { arguments: string } }).function.arguments)).toEqual(
    weather.arguments,
  );
  expect(third.choices[0]!.message.content).toBe("It rains.");
  expect(other.choices[0]!.message.content).toContain('You said: "Hi"');
});

test("a client that tries again gets the answer after the error", async () => {
  await using mock = await startScripted();
  const patient = mock.openai.withOptions({ maxRetries: 1 });
  const request = { model: "gpt-5", input: "weather" };

  // The rule for chats does not fit, so this is the first call of none but the last.
  const first = await patient.responses.create(request);
  const second = await patient.responses.create(request);

  expect([first.output_text, second.output_text]).toEqual(["It rains.", "It rains."]);
  expect(mock.relay.outcomes.map(({ status }) => status)).toEqual([200, 503, 200]);
});

test("a text may come before calls of tools", async () => {
  await using mock = await startScripted();

  const { choices } = await mock.openai.chat.completions.create({
    model: "m",
    messages: user("both"),
  });
  const { output } = await mock.openai.responses.create({ model: "m", input: "both" });

  expect(choices[0]!.message).toMatchObject({
    content: "Let me see.",
    tool_calls: [{ id: "call_1", function: { name: "get_weather", arguments: "{}" } }],
  });
  expect(output).toMatchObject([
    { type: "message", content: [{ text: "Let me see." }] },
    { type: "function_call", call_id: "call_1", name: "get_weather", arguments: "{}" },
  ]);
});

test("JSON is said as text, after its latency and with its delays", async () => {
  await using mock = await startScripted();
  const began = performance.now();

  const stream = mock.openai.responses.stream({ model: "gpt-5-mini", input: "sunny?" });
  let deltas = 0;
  for await (const event of stream) if (event.type === "response.output_text.delta") deltas += 1;
  const { output_text } = await stream.finalResponse();
  const other = await mock.openai.responses.create({ model: "gpt-4o", input: "sunny?" });

  expect(JSON.parse(output_text)).toEqual({ sky: "blue" });
  expect(performance.now() - began).toBeGreaterThanOrEqual(119 + deltas * 20);
  expect(other.output_text).toContain("mock");
});

test("each input gets its vector, in the encoding that was asked for", async () => {
  await using mock = await startScripted();
  const request = { model: "m", input: ["a", "b", "c"] };

  const decoded = await mock.openai.embeddings.create(request);
  const plain = await mock.openai.embeddings.create({ ...request, encoding_format: "float" });

  const vectors = [
    [1, 0],
    [0, 1],
    [1, 0],
  ];
  expect(decoded.data.map(({ embedding }) => [...embedding])).toEqual(vectors);
  expect(plain.data.map(({ embedding }) => embedding)).toEqual(vectors);
});

test("a raw answer is as it is written", async () => {
  await using mock = await startScripted();

  const gone = await fetch(`${mock.relay.url}/v1/models/gone`);
  const deleted = await fetch(`${mock.relay.url}/models/x`, { method: "DELETE" });

  expect([gone.status, gone.headers.get("x-odd"), await gone.text()]).toEqual([410, "yes", "gone"]);
  expect([deleted.status, await deleted.json()]).toEqual([200, { deleted: true }]);
});

test("a raw event stream leaves event by event", async () => {
  const body = 'data: {"delta":"a"}\n\ndata: {"delta":"b"}\n\ndata: [DONE]\n\n';
  const raw = { headers: { "content-type": "text/event-stream" }, body };
  const answers = [{ when: { text: "hi" }, raw, delay: "30ms" }];
  await using mock = await startScripted(JSON.stringify({ version: 1, answers }), "script.json");

  const answer = await fetch(`${mock.relay.url}/v1/responses`, {
    method: "POST",
    body: JSON.stringify({ model: "m", input: "Hi", stream: true }),
  });
  const chunks = [];
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) chunks.push(chunk);

  expect(chunks.join("")).toBe(body);
  expect(chunks.length).toBeGreaterThan(1);
});

test("Responses and Realtime over WebSocket follow the script too", async () => {
  await using mock = await startScripted();
  const ask = async (path: string, messages: object[], last: string) => {
    const socket = new WebSocket(mock.relay.url.replace("http", "ws") + path);
    await once(socket, "open");
    for (const message of messages) socket.send(JSON.stringify(message));
    for (;;) {
      const [data] = await once(socket, "message");
      const event = JSON.parse(String(data));
      if (event.type !== last) continue;
      socket.close();
      return event;
    }
  };
  const content = [{ type: "input_text", text: "weather" }];
  const create = { type: "response.create", model: "gpt-5" };
  const item = { type: "message", role: "user", content };
  const turn = [{ type: "conversation.item.create", item }, { type: "response.create" }];

  const warmUp = { ...create, input: "weather", generate: false };
  const said = await ask(
    "/v1/responses",
    [warmUp, { ...create, input: "weather" }],
    "response.output_text.done",
  );
  const failed = await ask("/v1/realtime?model=gpt-5", turn, "response.done");
  const spoken = await ask("/v1/realtime?model=gpt-5", turn, "response.done");

  // What only warms up was not counted.
  expect(said.text).toBe("It rains.");
  expect(failed.response).toMatchObject({
    status: "failed",
    status_details: { error: { code: "cloudy", message: "Too cloudy" } },
  });
  expect(spoken.response.output[0].content[0].transcript).toBe("It rains.");
});

test.each([
  [
    "an unknown word",
    "  - wenn: {}\n    text: a",
    /script\.yaml:3:5: "answers\[0\]\.wenn" is nothing that a script says\. Did you mean "when"\?/,
  ],
  [
    "no answer",
    "  - when: { text: a }",
    /script\.yaml:3:5: "answers\[0\]" is .*: it must be exactly one of text, json/,
  ],
  ["two answers", "  - text: a\n    json: 1", /script\.yaml:3:5: .*exactly one of/],
  [
    "a wrong type",
    "  - text: a\n    when:\n      call: 0",
    /script\.yaml:5:7: "answers\[0\]\.when\.call" is 0: it must be a whole number from 1/,
  ],
  [
    "what is missing",
    "  - error: { status: 500 }",
    /script\.yaml:3:5: "answers\[0\]\.error\.message" is missing\. Here belongs an error such as/,
  ],
  [
    "a bad pattern",
    "  - text: a\n    when: { matches: '(' }",
    /script\.yaml:4:13: .*must be a regular expression/,
  ],
  [
    "a pattern with an escape that is none",
    "  - text: a\n    when: { matches: 'a\\-b' }",
    /script\.yaml:4:13: .*must be a regular expression/,
  ],
  [
    "a header of the relay's own",
    "  - raw:\n      headers: { Content-Length: '3' }",
    /script\.yaml:4:18: .*Content-Length.*one that the relay does not set itself/,
  ],
  [
    "a word that would steer the terminal",
    '  - "te\\e[31mxt": a',
    /"answers\[0\]\.te\\u001b\[31mxt" is nothing/,
  ],
  ["no YAML", "  - {", /script\.yaml cannot be read: .* in line \d/],
])("%s is named with its place", async (_, answers, message) => {
  using folder = createFolder({ "script.yaml": `version: 1\nanswers:\n${answers}\n` });

  await expect(loadScript(folder.at("script.yaml"), folder.path)).rejects.toThrow(message);
});

test("an empty script is told as that", async () => {
  using folder = createFolder({ "script.yaml": "" });

  await expect(loadScript(folder.at("script.yaml"), folder.path)).rejects.toThrow(/ is empty$/);
});

test("code is no script, and is not run", async () => {
  using folder = createFolder({ "script.mjs": "process.exitCode = 77; export default {}" });

  await expect(loadScript(folder.at("script.mjs"), folder.path)).rejects.toThrow(/is code/);
  expect(process.exitCode).toBeUndefined();
});

test("a script that is not there is a wrong setting", async () => {
  const started = startRelay({ mock: true, mockScript: "/nowhere/script.yaml" });

  await expect(started).rejects.toThrow(/"mockScript" is .*: there is no such file/);
});

test("relay check finds what is wrong in a script", async () => {
  using folder = createFolder({ "script.yaml": "version: 2\nanswers: []\n" });

  const { checks, exitCode } = await check({ mock: true, mockScript: folder.at("script.yaml") });

  const detail = expect.stringMatching(/script\.yaml:1:1: "version" is 2: it must be 1/);
  expect(checks[0]).toMatchObject({ name: "config", status: "failed", detail });
  expect(exitCode).toBe(3);
});

test("the JSON Schema tells editors what a script may say", () => {
  const schema = scriptJsonSchema();

  expect(schema).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    required: ["version", "answers"],
    additionalProperties: false,
  });
  const { items } = schema.properties!.answers as { items: { properties: object } };
  expect(Object.keys(items.properties)).toEqual([
    ...["when", "text", "json", "toolCalls", "error", "embedding", "raw", "latency", "delay"],
  ]);
});

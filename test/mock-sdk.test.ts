import { createOpenAI } from "@ai-sdk/openai";
import { embedMany, generateText, streamText } from "ai";
import { NotFoundError, toFile } from "openai";
import { expect, test } from "vitest";
import { all, startClient } from "./mock-server.ts";

const hello = { role: "user" as const, content: "Hello, is this thing on?" };
const heard = /mock.*"Hello, is this thing on\?"/;

test("the OpenAI SDK completes a chat", async () => {
  await using client = await startClient();

  const { data, request_id } = await client.openai.chat.completions
    .create({ model: "gpt-5", n: 2, messages: [{ role: "system", content: "Be kind." }, hello] })
    .withResponse();

  expect(data).toMatchObject({ object: "chat.completion", model: "gpt-5" });
  expect(data.choices.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
    [0, "stop"],
    [1, "stop"],
  ]);
  expect(data.choices[0]!.message.content).toMatch(heard);
  expect(data.usage!.prompt_tokens).toBeGreaterThan(0);
  expect(data.usage!.total_tokens).toBe(data.usage!.prompt_tokens + data.usage!.completion_tokens);
  expect(request_id).toMatch(/^req_/);
});

test("the OpenAI SDK puts a streamed chat together to what the whole answer says", async () => {
  await using client = await startClient();
  const request = { model: "gpt-5", messages: [hello], n: 2 };

  const whole = await client.openai.chat.completions.create(request);
  const stream_options = { include_usage: true };
  const stream = client.openai.chat.completions.stream({ ...request, stream_options });
  const chunks = await all(stream);
  const { choices, usage } = await stream.finalChatCompletion();

  const contents = (of: typeof whole.choices) => of.map(({ message }) => message.content);
  expect(contents(choices)).toEqual(contents(whole.choices));
  expect(usage).toEqual(whole.usage);
  expect(chunks.at(-1)!.choices).toEqual([]);
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  expect(chunks.length).toBeGreaterThan(20);
});

test("a chat stream tells no usage unless it was asked to", async () => {
  await using client = await startClient();

  const chunks = await all(
    await client.openai.chat.completions.create({ model: "m", messages: [hello], stream: true }),
  );

  expect(chunks.every((chunk) => !("usage" in chunk) && chunk.choices.length === 1)).toBe(true);
});

test("the OpenAI SDK gets a response", async () => {
  await using client = await startClient();

  const response = await client.openai.responses.create({
    model: "gpt-5",
    instructions: "Be kind.",
    input: [{ role: "user", content: [{ type: "input_text", text: hello.content }] }],
    metadata: { from: "test" },
  });

  expect(response.output_text).toMatch(heard);
  expect(response).toMatchObject({
    object: "response",
    status: "completed",
    model: "gpt-5",
    instructions: "Be kind.",
    metadata: { from: "test" },
    error: null,
    tools: [],
  });
  const { input_tokens, output_tokens, total_tokens } = response.usage!;
  expect(input_tokens).toBeGreaterThan(0);
  expect(total_tokens).toBe(input_tokens + output_tokens);
});

test("a streamed response tells its events in order, numbered, and ends completed", async () => {
  await using client = await startClient();
  const request = { model: "gpt-5", input: hello.content };

  const stream = client.openai.responses.stream(request);
  const events = await all(stream);
  const final = await stream.finalResponse();

  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, i) => i));
  const types = events.map((event) => event.type);
  expect(types.filter((type, i) => type !== types[i - 1])).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  const deltas = events.flatMap((e) => (e.type === "response.output_text.delta" ? e.delta : []));
  expect(deltas.length).toBeGreaterThan(5);
  expect(deltas.join("")).toBe(final.output_text);
  expect(final.output_text).toMatch(heard);
  expect(final.usage!.total_tokens).toBeGreaterThan(0);
});

test("the OpenAI SDK completes a prompt, whole and streamed", async () => {
  await using client = await startClient();
  const request = { model: "gpt-3.5-turbo-instruct", prompt: hello.content };

  const whole = await client.openai.completions.create(request);
  const chunks = await all(await client.openai.completions.create({ ...request, stream: true }));

  expect(whole.choices[0]!.text).toMatch(heard);
  expect(chunks.map((chunk) => chunk.choices[0]!.text).join("")).toBe(whole.choices[0]!.text);
});

const parameters = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 2 } },
  required: ["city", "days"],
  additionalProperties: false,
};
const weather = { type: "function" as const, function: { name: "get_weather", parameters } };

test("a chat calls a tool that it is told to, whole and streamed, and then says what it heard", async () => {
  await using client = await startClient();
  const { completions } = client.openai.chat;
  const request = {
    model: "gpt-5",
    messages: [hello],
    tools: [weather],
    tool_choice: "required" as const,
  };

  const [choice] = (await completions.create(request)).choices;
  const streamed = await completions.stream(request).finalChatCompletion();
  const [call] = choice!.message.tool_calls!;
  const result = { role: "tool" as const, tool_call_id: call!.id, content: "Sunny" };
  const messages = [hello, choice!.message, result];
  const after = await completions.create({ ...request, messages });

  expect(choice).toMatchObject({ finish_reason: "tool_calls", message: { content: null } });
  expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
  expect(JSON.parse((call as { function: { arguments: string } }).function.arguments)).toEqual({
    city: "mock",
    days: 2,
  });
  const [again] = streamed.choices[0]!.message.tool_calls!;
  expect(again).toMatchObject({ id: expect.stringMatching(/^call_/), type: "function" });
  expect((again as { function: object }).function).toMatchObject({
    name: "get_weather",
    arguments: (call as { function: { arguments: string } }).function.arguments,
  });
  expect(streamed.choices[0]!.finish_reason).toBe("tool_calls");
  expect(after.choices[0]).toMatchObject({ finish_reason: "stop" });
  expect(after.choices[0]!.message.content).toMatch(heard);
});

test.each([
  ["Hello", undefined],
  ["Use get_weather, please.", "get_weather"],
])("a chat that may call a tool does so when its name is said: %s", async (content, name) => {
  await using client = await startClient();
  const messages = [{ role: "user" as const, content }];

  const { choices } = await client.openai.chat.completions.create({
    model: "m",
    messages,
    tools: [weather],
  });

  const [call] = choices[0]!.message.tool_calls ?? [];
  expect((call as { function: { name: string } } | undefined)?.function.name).toBe(name);
});

const tree = {
  type: "object",
  properties: {
    kind: { enum: ["leaf", "branch"] },
    at: { type: "string", format: "date-time" },
    code: { type: "string", minLength: 6, maxLength: 8 },
    size: { anyOf: [{ type: "number", exclusiveMinimum: 3, maximum: 4 }, { type: "null" }] },
    names: { type: "array", items: { $ref: "#/$defs/name" }, minItems: 2 },
    below: { type: "array", items: { $ref: "#" }, maxItems: 0 },
  },
  required: ["kind", "at", "code", "size", "names", "below"],
  $defs: { name: { type: "string", const: "n" } },
};

test("what is asked in a JSON Schema comes in it, from chats and from responses", async () => {
  await using client = await startClient();
  const json_schema = { name: "tree", schema: tree, strict: true };
  const wanted = {
    kind: "leaf",
    at: "2025-06-15T15:06:40Z",
    code: "mockkk",
    size: 3.5,
    names: ["n", "n"],
    below: [],
  };

  const chat = await client.openai.chat.completions.parse({
    model: "m",
    messages: [hello],
    response_format: { type: "json_schema", json_schema },
  });
  const response = await client.openai.responses.parse({
    model: "m",
    input: "Hello",
    text: { format: { type: "json_schema", ...json_schema } },
  });

  expect(chat.choices[0]!.message.parsed).toEqual(wanted);
  expect(response.output_parsed).toEqual(wanted);
});

test("an answer ends where its tokens do, and tells how sure it was", async () => {
  await using client = await startClient();
  const messages = [hello];

  const cut = await client.openai.chat.completions.create({
    model: "m",
    messages,
    max_completion_tokens: 3,
    logprobs: true,
    top_logprobs: 2,
  });
  const response = await client.openai.responses.create({
    model: "m",
    input: "Hello",
    max_output_tokens: 3,
  });

  expect(cut.choices[0]).toMatchObject({ finish_reason: "length" });
  expect(cut.usage!.completion_tokens).toBe(3);
  const tokens = cut.choices[0]!.logprobs!.content!;
  expect(tokens.map(({ token }) => token).join("")).toBe(cut.choices[0]!.message.content);
  expect(tokens[0]!.top_logprobs).toHaveLength(2);
  expect(response).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    usage: { output_tokens: 3 },
  });
});

test("a response calls functions and thinks, streamed as it is whole", async () => {
  await using client = await startClient();
  const request = {
    model: "gpt-5",
    input: "Hello",
    reasoning: { effort: "low" as const, summary: "auto" as const },
    tools: [{ type: "function" as const, name: "get_weather", parameters, strict: true }],
    tool_choice: { type: "function" as const, name: "get_weather" },
  };

  const whole = await client.openai.responses.create(request);
  const stream = client.openai.responses.stream(request);
  const events = await all(stream);
  const final = await stream.finalResponse();

  expect(whole.output.map(({ type }) => type)).toEqual(["reasoning", "function_call"]);
  expect(whole.usage!.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
  expect(final.output.map(({ type }) => type)).toEqual(["reasoning", "function_call"]);
  expect(final.usage).toEqual(whole.usage);
  const said = events.flatMap((e) =>
    e.type === "response.function_call_arguments.delta" ? e.delta : [],
  );
  expect(JSON.parse(said.join(""))).toEqual({ city: "mock", days: 2 });
});

test("the OpenAI SDK gets the same unit vectors as base64 and as numbers", async () => {
  await using client = await startClient();
  const request = { model: "text-embedding-3-small", input: ["one", "two"] };

  const asBase64 = await client.openai.embeddings.create(request);
  const asNumbers = await client.openai.embeddings.create({ ...request, encoding_format: "float" });

  expect(asNumbers.data.map(({ embedding }) => embedding)).toEqual(
    asBase64.data.map(({ embedding }) => [...embedding]),
  );
  const [one, two] = asNumbers.data.map(({ embedding }) => embedding);
  expect(one).toHaveLength(1536);
  expect(Math.hypot(...one!)).toBeCloseTo(1, 5);
  expect(one).not.toEqual(two);
});

test.each([
  ["a model's own size", { model: "text-embedding-3-large", input: "one" }, 1, 3072],
  ["the size asked for", { model: "text-embedding-3-large", input: "one", dimensions: 5 }, 1, 5],
  ["one vector for a list of tokens", { model: "m", input: [1, 2, 3] }, 1, 1536],
  ["a vector for each list of tokens", { model: "m", input: [[1, 2], [3]] }, 2, 1536],
])("embeddings have %s", async (_, request, count, size) => {
  await using client = await startClient();

  const { data } = await client.openai.embeddings.create(request);

  expect(data.map(({ embedding }) => embedding.length)).toEqual(Array(count).fill(size));
});

test("a file goes up, is listed, comes down and is deleted through the OpenAI SDK", async () => {
  await using client = await startClient();
  const { files } = client.openai;
  const bytes = Buffer.from([0, 255, 13, 10, 45, 45, 200]);

  const up = (name: string) => toFile(bytes, name).then((file) => ({ file, purpose }));
  const purpose = "user_data" as const;
  const first = await files.create(await up("première.bin"));
  const second = await files.create(await up("second.bin"));
  const pages = await all(await files.list({ limit: 1, order: "asc" }));
  const retrieved = await files.retrieve(first.id);
  const content = await (await files.content(first.id)).arrayBuffer();
  const deleted = await files.delete(first.id);
  const left = await all(await files.list());

  expect(first).toMatchObject({ filename: "première.bin", bytes: 7, status: "processed", purpose });
  expect(pages.map(({ id }) => id)).toEqual([first.id, second.id]);
  expect(retrieved).toEqual(first);
  expect(Buffer.from(content)).toEqual(bytes);
  expect(deleted).toEqual({ id: first.id, object: "file", deleted: true });
  expect(left.map(({ id }) => id)).toEqual([second.id]);
  await expect(files.retrieve(first.id)).rejects.toThrow(NotFoundError);
});

test("the OpenAI SDK lists models, finds one, and is told when there is none", async () => {
  await using client = await startClient();
  const { models } = client.openai;

  const ids = (await all(await models.list())).map(({ id }) => id);

  expect(ids).toContain("gpt-5");
  expect(await models.retrieve("gpt-5")).toMatchObject({ id: "gpt-5", object: "model" });
  await expect(models.retrieve("gpt-0")).rejects.toMatchObject({
    status: 404,
    code: "model_not_found",
  });
});

test.each(["chat", "responses"] as const)(
  "the AI SDK generates and streams text by %s",
  async (api) => {
    await using client = await startClient();
    const model = createOpenAI({ baseURL: client.baseURL, apiKey: "none" })[api]("gpt-4o");

    const whole = await generateText({ model, prompt: hello.content, maxRetries: 0 });
    const stream = streamText({ model, prompt: hello.content, maxRetries: 0 });
    const pieces = await all(stream.textStream);

    expect(whole.text).toMatch(/mock/);
    expect(pieces.join("")).toBe(whole.text);
    expect(pieces.length).toBeGreaterThan(5);
    expect(whole.finishReason).toBe("stop");
    expect(await stream.finishReason).toBe("stop");
    expect(whole.usage.totalTokens).toBeGreaterThan(0);
  },
);

test("the AI SDK embeds", async () => {
  await using client = await startClient();
  const provider = createOpenAI({ baseURL: client.baseURL, apiKey: "none" });

  const { embeddings } = await embedMany({
    model: provider.embedding("text-embedding-3-small"),
    values: ["one", "two"],
  });

  expect(embeddings.map(({ length }) => length)).toEqual([1536, 1536]);
});

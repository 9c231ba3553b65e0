import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Answer } from "../src/story/answer.ts";
import { bytesOf, playable } from "../src/story/media.ts";
import { callsOf, type Message, wordsOf } from "../src/story/message.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";

const encoder = new TextEncoder();

function messageOf(contentType: string, body: string | Uint8Array, audioFormat = "pcm16"): Message {
  const answer = new Answer({ contentType, audioFormat });
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  answer.push([{ at: 1, bytes }]);
  answer.end();
  return answer.message;
}

function streamOf(...values: (object | string)[]): Message {
  const lines = values.map(
    (one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`,
  );
  return messageOf("text/event-stream", lines.join(""));
}

/** What was said, without what the mock makes of the request. */
function said({ items, finish, error }: Message): object {
  const parts = items.map(({ key: _, ...item }) => {
    return "mime" in item ? { ...item, base64: item.base64.length } : { ...item, id: undefined };
  });
  return { items: parts, finish, error };
}

describe("what the mock streams says what it says in one piece", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay({ mock: true });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const tools = [
    { type: "function", name: "look_up", parameters: { type: "object", properties: {} } },
  ];
  const messages = [{ role: "user", content: "Say hello to Zürich 🌧" }];
  const functions = tools.map(({ type, ...fn }) => ({ type, function: fn }));

  test.each([
    ["/v1/chat/completions", { model: "gpt-5", messages, n: 2 }],
    [
      "/v1/chat/completions",
      { model: "gpt-5", messages, tools: functions, tool_choice: "required" },
    ],
    [
      "/v1/chat/completions",
      {
        model: "gpt-audio",
        messages,
        modalities: ["text", "audio"],
        audio: { voice: "alloy", format: "pcm16" },
      },
    ],
    ["/v1/completions", { model: "gpt-3.5-turbo-instruct", prompt: "Hello" }],
    [
      "/v1/responses",
      { model: "gpt-5", input: "Hello", reasoning: { effort: "high", summary: "auto" } },
    ],
    ["/v1/responses", { model: "gpt-5", input: "Hello", tools, tool_choice: "required" }],
    ["/v1/images/generations", { model: "gpt-image-1", prompt: "A cat" }],
  ])("%s %j", async (path, body) => {
    const ask = async (stream: boolean) => {
      const answer = await fetch(relay.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...body, stream }),
      });
      expect(answer.status).toBe(200);
      return messageOf(
        answer.headers.get("content-type")!,
        new Uint8Array(await answer.arrayBuffer()),
      );
    };

    const [streamed, whole] = [await ask(true), await ask(false)];

    expect(said(streamed)).toEqual(said(whole));
    expect(whole.items.length).toBeGreaterThan(0);
    expect(streamed.isClosed).toBe(true);
    expect(streamed.problems).toEqual([]);
  });
});

describe("a message", () => {
  test("has the text of each choice, its calls and why it ended", () => {
    const chunk = (index: number, delta: object, finish_reason: string | null = null) => ({
      ...{ id: "chatcmpl-1", object: "chat.completion.chunk", model: "gpt-5" },
      choices: [{ index, delta, finish_reason }],
    });
    const call = (index: number, more: object) => ({ tool_calls: [{ index, ...more }] });

    const message = streamOf(
      chunk(1, { content: "B" }),
      chunk(0, { content: "A" }),
      chunk(0, { content: "a" }),
      chunk(0, call(1, { id: "c1", function: { name: "second", arguments: "{}" } })),
      chunk(0, call(0, { id: "c0", function: { name: "first", arguments: "" } })),
      chunk(0, call(0, { function: { arguments: '{"x":' } })),
      chunk(0, call(0, { function: { arguments: "1}" } }), "tool_calls"),
      chunk(1, {}, "length"),
      { choices: [], usage: { prompt_tokens: 7 } },
      "[DONE]",
    );

    expect(message.items).toMatchObject([
      { kind: "text", choice: 1, text: "B" },
      { kind: "text", choice: 0, text: "Aa" },
      { kind: "call", id: "c1", name: "second", arguments: "{}" },
      { kind: "call", id: "c0", name: "first", arguments: '{"x":1}' },
    ]);
    expect(message).toMatchObject({
      finish: "tool_calls, length",
      usage: { prompt_tokens: 7 },
      model: "gpt-5",
      isClosed: true,
    });
    expect(wordsOf(message)).toBe("B\n\nAa");
    expect(callsOf(message)).toHaveLength(2);
  });

  test("tells what is no JSON, what was cut off, and errors within a stream", () => {
    const broken = streamOf("{nope", { choices: [{ delta: { content: "fine" } }] });
    const cut = messageOf(
      "text/event-stream",
      'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"cho',
    );
    const failed = streamOf({
      error: { message: "Overloaded", code: "server_busy", type: "server_error" },
    });
    const body = messageOf("application/json", '{"choices":[');

    expect(broken.problems).toEqual(["Event 1 is no JSON: {nope"]);
    expect(wordsOf(broken)).toBe("fine");
    expect(cut).toMatchObject({ isClosed: false, problems: ["The stream ended within an event."] });
    expect(failed.error).toEqual({
      message: "Overloaded",
      code: "server_busy",
      type: "server_error",
    });
    expect(body.problems).toEqual([expect.stringContaining("The body cannot be read as JSON.")]);
  });

  test("of a response has its reasoning, the calls of all kinds of tools, and pictures on their way", () => {
    const at = { output_index: 1 };
    const message = streamOf(
      {
        type: "response.created",
        response: { id: "resp_1", model: "gpt-5", status: "in_progress" },
      },
      {
        type: "response.reasoning_summary_text.delta",
        output_index: 0,
        summary_index: 0,
        delta: "Think",
      },
      {
        type: "response.reasoning_summary_text.delta",
        output_index: 0,
        summary_index: 1,
        delta: "More",
      },
      {
        type: "response.output_item.added",
        ...at,
        item: { type: "mcp_call", id: "m", name: "search", arguments: "" },
      },
      { type: "response.mcp_call_arguments.delta", ...at, item_id: "other", delta: '{"q":1}' },
      {
        type: "response.output_item.done",
        ...at,
        item: { type: "mcp_call", id: "m", name: "search", arguments: '{"q":1}', output: "found" },
      },
      {
        type: "response.image_generation_call.partial_image",
        output_index: 2,
        partial_image_b64: "AAAA",
        output_format: "webp",
      },
      {
        type: "response.output_item.done",
        output_index: 3,
        item: { type: "web_search_call", id: "w", action: { query: "x" } },
      },
      { type: "response.some_new_event", output_index: 3, delta: "nobody knows" },
      { type: "response.refusal.delta", output_index: 4, delta: "No." },
      {
        type: "response.incomplete",
        response: {
          id: "resp_1",
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
          output: [],
        },
      },
    );

    expect(message.items).toMatchObject([
      { kind: "reasoning", text: "Think" },
      { kind: "reasoning", text: "More" },
      { kind: "call", name: "search", arguments: '{"q":1}', output: "found" },
      { kind: "image", mime: "image/webp", base64: ["AAAA"], isPartial: true },
      { kind: "call", name: "web_search", arguments: '{"query":"x"}' },
      { kind: "refusal", text: "No." },
    ]);
    expect(message).toMatchObject({ finish: "max_output_tokens", isClosed: true, problems: [] });
  });

  test("of a run has its words, the calls that it waits for, and its error", () => {
    const delta = (value: string) => ({
      object: "thread.message.delta",
      id: "msg",
      delta: { content: [{ index: 0, type: "text", text: { value } }] },
    });
    const calls = [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }];
    const lines = [
      ["thread.run.created", { id: "run", status: "queued" }],
      ["thread.message.delta", delta("Hel")],
      ["thread.message.delta", delta("lo")],
      [
        "thread.run.step.delta",
        { id: "step", delta: { step_details: { tool_calls: [{ index: 0, ...calls[0] }] } } },
      ],
      [
        "thread.run.requires_action",
        {
          id: "run",
          status: "requires_action",
          required_action: { submit_tool_outputs: { tool_calls: calls } },
        },
      ],
      [
        "thread.run.failed",
        {
          id: "run",
          status: "failed",
          last_error: { code: "rate_limit_exceeded", message: "Slow" },
        },
      ],
    ] as const;
    const stream = lines.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

    const message = messageOf(
      "text/event-stream",
      `${stream.join("")}event: done\ndata: [DONE]\n\n`,
    );

    expect(message.items).toMatchObject([
      { kind: "text", text: "Hello" },
      { kind: "call", id: "c", name: "f", arguments: "{}" },
    ]);
    expect(message).toMatchObject({
      finish: "requires_action, failed",
      error: { message: "Slow" },
      isClosed: true,
    });
  });

  test("of a realtime session has what was heard and said, as a sound that plays", () => {
    const answer = new Answer({ contentType: "", isWebSocket: true });
    const at = { response_id: "r1", output_index: 0, content_index: 0 };
    const samples = Buffer.from([1, 2, 3]).toString("base64");
    const events = [
      {
        type: "conversation.item.input_audio_transcription.completed",
        item_id: "i",
        content_index: 0,
        transcript: "Hi there",
      },
      { type: "response.created", response: { id: "r1", status: "in_progress" } },
      { type: "response.output_audio_transcript.delta", ...at, delta: "Good " },
      { type: "response.output_audio.delta", ...at, delta: samples },
      { type: "response.output_audio_transcript.delta", ...at, delta: "day" },
      { type: "response.output_audio.delta", ...at, delta: samples },
      { type: "response.done", response: { id: "r1", status: "completed", output: [] } },
    ];
    answer.push(
      events.map((event, i) => ({
        at: i,
        type: "text",
        bytes: encoder.encode(JSON.stringify(event)),
      })),
    );
    answer.end();

    const { items } = answer.message;
    const [audio] = items.filter((item) => "mime" in item);

    expect(items).toMatchObject([
      { kind: "heard", text: "Hi there" },
      { kind: "transcript", text: "Good day" },
      { kind: "audio", mime: "audio/pcm" },
    ]);
    expect([...bytesOf(audio!)]).toEqual([1, 2, 3, 1, 2, 3]);
    expect(playable(audio!).mime).toBe("audio/wav");
    expect(Buffer.from(playable(audio!).bytes).toString("latin1", 0, 4)).toBe("RIFF");
  });

  test.each([
    [
      "text/event-stream",
      'data: {"type":"transcript.text.delta","delta":"Hi"}\n\ndata: {"type":"transcript.text.done","text":"Hi you"}\n\n',
      { kind: "text", text: "Hi you" },
    ],
    [
      "text/event-stream",
      'data: {"type":"speech.audio.delta","audio":"AAEC"}\n\n',
      { kind: "audio", mime: "audio/mpeg", base64: ["AAEC"] },
    ],
    ["application/json", '{"text":"Hello"}', { kind: "text", text: "Hello" }],
    [
      "application/json",
      '{"data":[{"url":"https://x/1.png"}]}',
      { kind: "image", url: "https://x/1.png" },
    ],
    ["audio/mpeg", "ID3", { kind: "audio", mime: "audio/mpeg", bytes: encoder.encode("ID3") }],
    ["text/plain", "1\n00:00", { kind: "text", text: "1\n00:00" }],
  ])("of %s %s", (type, body, item) => {
    expect(messageOf(type, body, "mp3").items).toMatchObject([item]);
  });

  test.each([
    ["application/json", '{"object":"list","data":[{"object":"embedding","embedding":[1]}]}'],
    ["application/json", "[".repeat(5_000)],
    ["application/json", `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
    [
      "text/event-stream",
      'data: null\n\ndata: 7\n\ndata: {"choices":7}\n\ndata: {"choices":[null,{"delta":[]}]}\n\n',
    ],
    [
      "text/event-stream",
      'data: {"type":"response.completed","response":{"output":[null,{"type":"x_call"}]}}\n\n',
    ],
    ["application/octet-stream", "\0\0"],
  ])("of what is no message is none: %s", (type, body) => {
    expect(messageOf(type, body).items.filter(({ kind }) => kind !== "call")).toEqual([]);
  });
});

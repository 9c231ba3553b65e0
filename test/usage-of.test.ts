import { afterAll, beforeAll, describe, expect, test } from "vitest";
import kinds from "../src/conformance/operations.json" with { type: "json" };
import type { Ending } from "../src/exchange.ts";
import type { Found } from "../src/usage/found.ts";
import { tellingOf } from "../src/usage/operations.ts";
import { UsageTap } from "../src/usage/tap.ts";
import { mayReportUsage, usageOf } from "../src/usage/usage-of.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";

let relay: TestRelay;
let assistant: string;
beforeAll(async () => {
  relay = await startRelay({ mock: true });
  const answer = await fetch(`${relay.url}/v1/assistants`, json({ model: "gpt-5" }));
  assistant = ((await answer.json()) as { id: string }).id;
});
afterAll(() => relay[Symbol.asyncDispose]());

const json = (body: object): RequestInit => ({
  ...{ method: "POST", headers: { "content-type": "application/json" } },
  body: JSON.stringify(body),
});
const form = (fields: Record<string, string | File>): RequestInit => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { method: "POST", body };
};

/** What a call to the mock says it used, and the `usage` of its answer, read by other means. */
async function call(path: string, init: RequestInit) {
  const answer = await fetch(`${relay.url}/v1${path}`, init);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(answer.status, String(bytes)).toBe(200);
  const isEvents = answer.headers.get("content-type")!.startsWith("text/event-stream");
  const tap = new UsageTap(isEvents ? "events" : "json");
  tap.chunk(bytes);
  const found = tap.found();
  const operation = { method: "POST", path: `/v1${path}` };
  const usage = usageOf(operation, found, { status: 200, ending: "complete" });
  return { found, usage, told: found.usage && JSON.parse(found.usage) };
}

const text = { messages: [{ role: "user", content: "Hello" }] };
const wav = new File([Buffer.alloc(4000)], "a.wav", { type: "audio/wav" });
const png = new File([Buffer.alloc(10)], "a.png", { type: "image/png" });
const picture = { model: "gpt-image-1", prompt: "A cat" };
const speech = { model: "gpt-4o-mini-tts", input: "Hello", voice: "alloy" };
const question = { type: "predicate", name: "sure", question: "Is it?" };

describe("what the answers of the mock say that they used", () => {
  const streamed = { stream: true };
  const counted = { stream: true, stream_options: { include_usage: true } };
  test.each<[string, string, () => RequestInit]>([
    ["chat", "/chat/completions", () => json({ model: "gpt-5", ...text })],
    ["chat, streamed", "/chat/completions", () => json({ model: "gpt-5", ...text, ...counted })],
    ["completions", "/completions", () => json({ model: "davinci-002", prompt: "Hi" })],
    [
      "completions, streamed",
      "/completions",
      () => json({ model: "davinci-002", prompt: "Hi", ...counted }),
    ],
  ])("%s", async (_what, path, init) => {
    const { usage, told, found } = await call(path, init());

    expect(told.prompt_tokens).toBeGreaterThan(0);
    expect(usage).toMatchObject({
      state: "known",
      input: told.prompt_tokens,
      output: told.completion_tokens,
    });
    expect(usage).toMatchObject(
      told.prompt_tokens_details ? { cachedInput: told.prompt_tokens_details.cached_tokens } : {},
    );
    expect(found.model).toMatch(/^(?:gpt-5|davinci)/);
  });

  test.each<[string, string, () => RequestInit]>([
    ["responses", "/responses", () => json({ model: "gpt-5", input: "Hi" })],
    ["responses, streamed", "/responses", () => json({ model: "gpt-5", input: "Hi", ...streamed })],
    ["compact", "/responses/compact", () => json({ model: "gpt-5", input: "Hi" })],
    ["decisions", "/decisions", () => json({ model: "gpt-5", input: "Hi", questions: [question] })],
  ])("%s", async (_what, path, init) => {
    const { usage, told } = await call(path, init());

    expect(told.input_tokens).toBeGreaterThan(0);
    expect(usage).toEqual({
      ...{ state: "known", input: told.input_tokens, output: told.output_tokens },
      cachedInput: told.input_tokens_details.cached_tokens,
      reasoning: told.output_tokens_details.reasoning_tokens,
    });
  });

  test.each<[string, string, () => RequestInit]>([
    ["images", "/images/generations", () => json(picture)],
    ["images, streamed", "/images/generations", () => json({ ...picture, ...streamed })],
    ["images, edited", "/images/edits", () => form({ ...picture, image: png })],
  ])("%s", async (_what, path, init) => {
    const { usage, told } = await call(path, init());

    expect(told.output_tokens).toBeGreaterThan(0);
    expect(usage).toEqual({
      ...{ state: "known", input: told.input_tokens, output: told.output_tokens },
      imageInput: told.input_tokens_details.image_tokens,
      imageOutput: told.output_tokens_details?.image_tokens ?? told.output_tokens,
    });
  });

  test.each<[string, string, () => RequestInit]>([
    [
      "transcription",
      "/audio/transcriptions",
      () => form({ model: "gpt-4o-transcribe", file: wav }),
    ],
    [
      "transcription, streamed",
      "/audio/transcriptions",
      () => form({ model: "gpt-4o-transcribe", file: wav, stream: "true" }),
    ],
  ])("%s", async (_what, path, init) => {
    const { usage, told } = await call(path, init());

    expect(usage).toMatchObject({
      state: "known",
      input: told.input_tokens,
      output: told.output_tokens,
    });
    expect(usage!.audioInput).toBe(told.input_token_details?.audio_tokens ?? told.input_tokens);
  });

  test("speech of which events tell", async () => {
    const { usage, told } = await call("/audio/speech", json({ ...speech, stream_format: "sse" }));

    expect(usage).toEqual({
      ...{ state: "known", input: told.input_tokens, output: told.output_tokens },
      audioOutput: told.output_tokens,
    });
  });

  test("embeddings, and the run of an assistant", async () => {
    const embeddings = await call(
      "/embeddings",
      json({ model: "text-embedding-3-small", input: "Hi" }),
    );
    const thread = { messages: [{ role: "user", content: "Hi" }] };
    const run = await call(
      "/threads/runs",
      json({ assistant_id: assistant, thread, stream: true }),
    );

    expect(embeddings.usage).toEqual({ state: "known", input: embeddings.told.prompt_tokens });
    expect(run.usage).toMatchObject({ state: "known", input: run.told.prompt_tokens });
    expect(run.found.isClosed).toBe(true);
  });

  test("moderations are free, and what nobody tells is unknown", async () => {
    const stream = await call("/chat/completions", json({ model: "gpt-5", ...text, stream: true }));

    expect((await call("/moderations", json({ input: "Hi" }))).usage).toEqual({
      state: "known",
      input: 0,
      output: 0,
    });
    expect(stream.found).toMatchObject({ isClosed: true, model: expect.any(String) });
    expect(stream.usage).toEqual({ state: "unknown" });
    expect((await call("/audio/speech", json(speech))).usage).toEqual({ state: "unknown" });
  });
});

test.each<[string, string, object]>([
  ["whisper, by the length", '{"type":"duration","seconds":61}', { seconds: 61 }],
  [
    "a realtime response",
    '{"total_tokens":9,"input_tokens":7,"output_tokens":2,"input_token_details":{"text_tokens":3,"audio_tokens":3,"image_tokens":1,"cached_tokens":3,"cached_tokens_details":{"text_tokens":1,"audio_tokens":1,"image_tokens":1}},"output_token_details":{"text_tokens":1,"audio_tokens":1}}',
    {
      input: 7,
      cachedInput: 3,
      output: 2,
      audioInput: 3,
      audioOutput: 1,
      cachedAudioInput: 1,
      imageInput: 1,
      cachedImageInput: 1,
    },
  ],
  [
    "a chat with audio",
    '{"prompt_tokens":5,"completion_tokens":4,"prompt_tokens_details":{"audio_tokens":2,"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":3}}',
    { input: 5, cachedInput: 0, output: 4, reasoning: 1, audioInput: 2, audioOutput: 3 },
  ],
])("%s is read", (_what, usage, counts) => {
  const operation = { method: "POST", path: "/v1/chat/completions" };

  const read = usageOf(operation, { usage, isClosed: false }, { status: 200, ending: "complete" });

  expect(read).toEqual({ state: "known", ...counts });
});

describe("how sure it is", () => {
  const usage = '{"prompt_tokens":5,"completion_tokens":4}';
  test.each<[Partial<Found>, number, Ending, string | undefined]>([
    [{ usage }, 200, "complete", "known"],
    [{ usage, isClosed: true }, 200, "client_left", "known"],
    [{ usage }, 200, "client_left", "partial"],
    [{ usage }, 200, "upstream_broke", "partial"],
    [{}, 200, "client_left", "unknown"],
    [{}, 200, "upstream_broke", "unknown"],
    [{}, 200, "complete", "unknown"],
    [{ usage: '{"x_tokens":1}' }, 200, "complete", "unknown"],
    [{ usage: "{" }, 200, "complete", "unknown"],
    [{}, 0, "client_left", "unknown"],
    [{}, 502, "refused", undefined],
    [{}, 0, "refused", undefined],
    [{}, 429, "complete", undefined],
  ])("%j with status %i, %s: %s", (found, status, ending, state) => {
    const operation = { method: "POST", path: "/chat/completions" };

    const read = usageOf(operation, { isClosed: false, ...found }, { status, ending });

    expect(read?.state).toBe(state);
    if (state === "unknown") expect(read).toEqual({ state });
  });
});

test("of all operations only those are read that tell what they used", () => {
  const all = kinds.flatMap(({ operations }) =>
    operations.flatMap((one) => {
      const [methods, path] = one.split(" ") as [string, string];
      const filled = path.split("?")[0]!.replace(/\{\w+\}/g, "id_1");
      return methods.split(",").map((method) => ({ method, path: `/v1${filled}` }));
    }),
  );

  const by = (telling: string) =>
    [
      ...new Set(
        all
          .filter(({ method, path }) => tellingOf(method, path) === telling)
          .map(({ path }) => path.slice(3)),
      ),
    ].sort();

  expect(by("told")).toEqual([
    ...[
      "/agents/sessions",
      "/alpha/search",
      "/audio/speech",
      "/audio/transcriptions",
      "/audio/translations",
    ],
    ...["/chat/completions", "/completions", "/decisions", "/embeddings", "/images/edits"],
    ...["/images/generations", "/images/variations", "/memories/trace_summarize", "/responses"],
    ...[
      "/responses/compact",
      "/threads/id_1/runs",
      "/threads/id_1/runs/id_1/submit_tool_outputs",
      "/threads/runs",
    ],
  ]);
  expect(by("untold")).toEqual([
    ...["/agents/automations/id_1/invocations", "/agents/sessions/id_1/events", "/batches"],
    ...[
      "/evals/id_1/runs",
      "/fine_tuning/alpha/graders/run",
      "/fine_tuning/jobs",
      "/live/sessions",
    ],
    ...[
      "/live/sessions/id_1/fork",
      "/realtime/calls",
      "/videos",
      "/videos/edits",
      "/videos/extensions",
    ],
    ...["/videos/id_1/remix"],
  ]);
  expect(by("free")).toEqual(["/moderations"]);
  expect(all.filter(({ method, path }) => mayReportUsage(method, path))).toHaveLength(20);
});

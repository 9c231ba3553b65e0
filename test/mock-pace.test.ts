import OpenAI from "openai";
import { expect, test } from "vitest";
import { Rhythm } from "../src/mock/pace.ts";
import { tokensOfBody, tokensOfEvent } from "../src/mock/spoken.ts";
import { startRelay } from "./support/relay.ts";

const question = { model: "gpt-5", messages: [{ role: "user" as const, content: "Hello" }] };

function clientOf(url: string) {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

test("without a pace the mock answers at once, with one the first byte waits for it", async () => {
  await using relay = await startRelay({ mock: true, mockLatency: "150ms" });
  const began = performance.now();

  const answer = await fetch(`${relay.url}/v1/models`);

  expect(answer.status).toBe(200);
  expect(performance.now() - began).toBeGreaterThanOrEqual(149);
  expect((await relay.nextOutcome()).firstByteMs).toBeGreaterThanOrEqual(149);
});

test("a stream says so many tokens a second, and a whole answer takes as long", async () => {
  await using relay = await startRelay({ mock: true, mockTokensPerSecond: "100" });
  const openai = clientOf(relay.url);

  const began = performance.now();
  const stream = await openai.chat.completions.create({ ...question, stream: true });
  const headAfter = performance.now() - began;
  let tokens = 0;
  let early = 0;
  for await (const chunk of stream) {
    tokens += tokensOfEvent(chunk);
    // Timers of Node may fire a millisecond before their time.
    if (performance.now() - began < tokens * 10 - 1) early += 1;
  }
  const streamed = performance.now() - began;
  const wholeBegan = performance.now();
  const whole = await openai.chat.completions.create(question);
  const took = performance.now() - wholeBegan;

  expect(tokens).toBeGreaterThan(10);
  expect(early).toBe(0);
  expect(headAfter).toBeLessThan(streamed / 2);
  // By count and not by adding up waits: a stream of many pieces is not late by as many timers.
  expect(streamed).toBeLessThan(tokens * 10 + 1_000);
  expect(tokensOfBody(whole)).toBe(Math.ceil(tokens));
  expect(took).toBeGreaterThanOrEqual(tokens * 10 - 1);
});

test("a client that leaves while it waits ends the answer", async () => {
  await using relay = await startRelay({ mock: true, mockLatency: "1h" });
  const patience = new AbortController();

  const answer = fetch(`${relay.url}/v1/models`, { signal: patience.signal });
  await expect.poll(() => relay.live).toBe(1);
  patience.abort();

  await expect(answer).rejects.toThrow(/abort/);
  expect(await relay.nextOutcome()).toMatchObject({ ending: "client_left", status: 0 });
});

test("what is due follows from what was said, however late it was told", () => {
  const rhythm = new Rhythm({ latency: 100, token: 10, delta: 3 });
  const first = rhythm.after(0);

  expect(rhythm.after(2, 1) - first).toBeCloseTo(23);
  expect(rhythm.after(0) - first).toBeCloseTo(23);
  expect(rhythm.after(1, 1) - first).toBeCloseTo(36);
});

test.each([
  [{ type: "response.output_text.delta", delta: "12345678" }, 2],
  [{ type: "response.output_audio_transcript.delta", delta: "1234" }, 1],
  [{ type: "response.output_audio.delta", delta: "AAAAAAAA" }, 0],
  [{ type: "response.output_text.done", text: "1234" }, 0],
  [{ choices: [{ delta: { content: "1234" } }, { delta: { content: "12" } }] }, 1.5],
  [{ choices: [{ delta: { tool_calls: [{ function: { arguments: "12345678" } }] } }] }, 2],
  [{ choices: [{ text: "1234" }] }, 1],
  [{ choices: [{ delta: { role: "assistant", content: "" } }] }, 0],
  [undefined, 0],
])("%j says %d tokens", (event, tokens) => {
  expect(tokensOfEvent(event)).toBe(tokens);
});

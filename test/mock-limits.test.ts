import OpenAI, { RateLimitError } from "openai";
import { expect, test } from "vitest";
import { Bucket } from "../src/mock/bucket.ts";
import { toDuration } from "../src/mock/limits.ts";
import { startRelay } from "./support/relay.ts";

/** Asks for an embedding, which sends two tokens. */
function embed(url: string, model = "m", input = "one two") {
  return fetch(`${url}/v1/embeddings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, input }),
  });
}

function ratesOf({ headers }: Response) {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-ratelimit-")));
}

test("each answer tells what is left, and a model that is used up does not keep others back", async () => {
  await using relay = await startRelay({
    ...{ mock: true, mockRequestsPerMinute: "2", mockTokensPerMinute: "100" },
  });

  const first = await embed(relay.url);
  const second = await embed(relay.url);
  const third = await embed(relay.url);
  const other = await embed(relay.url, "other");
  const list = await fetch(`${relay.url}/v1/models`);

  expect([first, second, third, other, list].map(({ status }) => status)).toEqual([
    ...[200, 200, 429, 200, 200],
  ]);
  expect(ratesOf(first)).toMatchObject({
    "x-ratelimit-limit-requests": "2",
    "x-ratelimit-limit-tokens": "100",
    "x-ratelimit-remaining-requests": "1",
    "x-ratelimit-remaining-tokens": "98",
    "x-ratelimit-reset-requests": "30s",
    "x-ratelimit-reset-tokens": "1.2s",
  });
  expect(ratesOf(second)["x-ratelimit-remaining-requests"]).toBe("0");
  expect(ratesOf(second)["x-ratelimit-reset-requests"]).toMatch(/^(?:1m0s|59\.\d+s)$/);
  expect(ratesOf(list)).toEqual({});

  const { error } = (await third.json()) as { error: { message: string } };
  expect(error).toMatchObject({ type: "requests", code: "rate_limit_exceeded", param: null });
  expect(error.message).toMatch(
    /^Rate limit reached for m on requests per min \(RPM\): Limit 2, Used 2, Requested 1\. Please try again in (?:30|29\.\d+)s\.$/,
  );
  const wait = Number(third.headers.get("retry-after-ms"));
  expect(wait).toBeGreaterThan(29_000);
  expect(wait).toBeLessThanOrEqual(30_000);
  expect(third.headers.get("retry-after")).toBe("30");
});

test("who waits exactly as long as told is served, and who asks before is not", async () => {
  // One token in a millisecond.
  await using relay = await startRelay({ mock: true, mockTokensPerMinute: "60000" });
  const ask = (max_output_tokens: number) =>
    fetch(`${relay.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input: "Hi", max_output_tokens }),
    });

  await ask(59_000);
  const refused = await ask(1_600);
  const told = Number(refused.headers.get("retry-after-ms"));
  const until = performance.now() + told;
  const early = await ask(1_600);
  await new Promise((resolve) => setTimeout(resolve, told));
  // Timers may be early; the promise is about the time that was told.
  while (performance.now() < until);
  const waited = await ask(1_600);

  expect([refused.status, early.status, waited.status]).toEqual([429, 429, 200]);
  expect(told).toBeLessThanOrEqual(603);
});

test("the OpenAI SDK, which waits as told, gets all of its answers", async () => {
  // 20 tokens a second; each request is worth 1203: what it sends and what it asks for.
  await using relay = await startRelay({ mock: true, mockTokensPerMinute: "1210" });
  const openai = new OpenAI({ baseURL: `${relay.url}/v1`, apiKey: "none", maxRetries: 1 });
  const ask = (max_tokens: number) =>
    openai.chat.completions.create({
      ...{
        model: "gpt-5",
        max_tokens,
        messages: [{ role: "user" as const, content: "Hello you" }],
      },
    });

  await ask(1_200);
  const began = performance.now();
  const second = await ask(10);
  const took = performance.now() - began;
  const tooLarge = ask(2_000);

  expect(second.choices).toHaveLength(1);
  expect(took).toBeGreaterThan(200);
  expect(relay.outcomes.map(({ status }) => status)).toEqual([200, 429, 200]);
  await expect(tooLarge).rejects.toThrow(RateLimitError);
  await expect(tooLarge).rejects.toThrow(/Request too large for gpt-5 .* Requested 2003/);
  // Told that it never will be served, it did not try again.
  expect(relay.outcomes).toHaveLength(4);
});

test("a limit for all is shared by all models", async () => {
  await using relay = await startRelay({
    ...{ mock: true, mockRequestsPerMinute: "1", mockLimitsPer: "all" },
  });

  const statuses = [await embed(relay.url, "a"), await embed(relay.url, "b")].map((a) => a.status);

  expect(statuses).toEqual([200, 429]);
});

test("a bucket fills up steadily, never over its brim, and owes nothing", () => {
  const bucket = new Bucket(60, 60_000, 0);

  bucket.take(60, 0);
  expect([bucket.left(0), bucket.waitFor(1, 0), bucket.untilFull(0)]).toEqual([0, 1_000, 60_000]);
  expect([bucket.left(1_500), bucket.waitFor(2, 1_500)]).toEqual([1, 500]);
  expect(bucket.waitFor(2, 2_000)).toBe(0);
  expect([bucket.left(1e9), bucket.waitFor(60, 1e9), bucket.untilFull(1e9)]).toEqual([60, 0, 0]);
  expect(bucket.waitFor(61, 1e9)).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  [0, "0ms"],
  [5.2, "6ms"],
  [999, "999ms"],
  [1_000, "1s"],
  [8_640, "8.64s"],
  [59_999.5, "1m0s"],
  [360_000, "6m0s"],
  [90_500, "1m30.5s"],
])("%d ms are written %s", (ms, text) => {
  expect(toDuration(ms)).toBe(text);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ending } from "../src/exchange.ts";
import { costOf } from "../src/usage/cost.ts";
import { loadPrices } from "../src/usage/price-file.ts";
import { type Prices, priceOf } from "../src/usage/prices.ts";
import { UsageTap } from "../src/usage/tap.ts";
import type { Cost, Usage } from "../src/usage/usage.ts";
import { usageOf } from "../src/usage/usage-of.ts";
import { runCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";

const prices: Prices = {
  date: "2026-01-31",
  models: {
    "gpt-x": {
      ...{ input: 2, cachedInput: 0.5, output: 8, longest: 1000 },
      tiers: { flex: { input: 1, cachedInput: 0.25, output: 4 } },
    },
    "gpt-x-2026-01-01": { input: 3, output: 9 },
    "gpt-sound": {
      input: 4,
      cachedInput: 0.4,
      output: 16,
      audioInput: 32,
      cachedAudioInput: 0.4,
      audioOutput: 64,
    },
    "gpt-picture": {
      input: 5,
      imageInput: 10,
      cachedImageInput: 2.5,
      cachedInput: 1,
      imageOutput: 40,
    },
    "whisper-x": { minute: 0.006 },
    "gpt-free": { input: 0, output: 0 },
  },
};

/** In nano-dollars, by hand. */
test.each<[string, string | undefined, Omit<Usage, "state">, string | undefined, Cost]>([
  // 600 × 2000 + 300 × 500 + 100 × 8000
  [
    "cached tokens",
    "gpt-x",
    { input: 900, cachedInput: 300, output: 100, reasoning: 60 },
    "default",
    { state: "known", nano: 2_150_000 },
  ],
  [
    "another tier",
    "gpt-x",
    { input: 900, cachedInput: 300, output: 100 },
    "flex",
    { state: "known", nano: 1_075_000 },
  ],
  [
    "a tier without a price",
    "gpt-x",
    { input: 9, output: 1 },
    "priority",
    { state: "unknown", nano: 0 },
  ],
  [
    "an input beyond the prices",
    "gpt-x",
    { input: 1001, output: 1 },
    undefined,
    { state: "unknown", nano: 0 },
  ],
  [
    "a dated name of the same model",
    "gpt-x-2026-07-09",
    { input: 1, output: 1 },
    undefined,
    { state: "known", nano: 10_000 },
  ],
  [
    "a dated name with a price of its own",
    "gpt-x-2026-01-01",
    { input: 1, output: 1 },
    undefined,
    { state: "known", nano: 12_000 },
  ],
  [
    "a part without a price",
    "gpt-x-2026-01-01",
    { input: 5, cachedInput: 2, output: 1 },
    undefined,
    { state: "partial", nano: 18_000 },
  ],
  [
    "another model of the family",
    "gpt-x-mini",
    { input: 1, output: 1 },
    undefined,
    { state: "unknown", nano: 0 },
  ],
  ["a fine-tuned model", "ft:gpt-x:me::1", { input: 1 }, undefined, { state: "unknown", nano: 0 }],
  [
    "a name of every object",
    "constructor",
    { input: 1 },
    "constructor",
    { state: "unknown", nano: 0 },
  ],
  ["no model", undefined, { input: 1 }, undefined, { state: "unknown", nano: 0 }],
  // (100 − 40 − (30 − 10)) × 4000 + 30 × 400 + 10 × 400 … + 20 × 64000 + 10 × 16000
  [
    "audio, partly cached",
    "gpt-sound",
    {
      input: 100,
      audioInput: 40,
      cachedInput: 30,
      cachedAudioInput: 10,
      output: 30,
      audioOutput: 20,
    },
    undefined,
    {
      state: "known",
      nano: 40 * 4000 + 20 * 400 + 30 * 32_000 + 10 * 400 + 20 * 64_000 + 10 * 16_000,
    },
  ],
  [
    "images, partly cached",
    "gpt-picture",
    { input: 50, imageInput: 40, cachedInput: 12, cachedImageInput: 10, output: 7, imageOutput: 7 },
    undefined,
    { state: "known", nano: 8 * 5000 + 2 * 1000 + 30 * 10_000 + 10 * 2500 + 7 * 40_000 },
  ],
  [
    "audio without a price",
    "gpt-x",
    { input: 100, audioInput: 40, output: 1 },
    undefined,
    { state: "partial", nano: 128_000 },
  ],
  [
    "nothing but what has no price",
    "whisper-x",
    { input: 100 },
    undefined,
    { state: "unknown", nano: 0 },
  ],
  ["a length", "whisper-x", { seconds: 90 }, undefined, { state: "known", nano: 9_000_000 }],
  [
    "a model that is free",
    "gpt-free",
    { input: 10, output: 10 },
    undefined,
    { state: "known", nano: 0 },
  ],
  [
    "no tokens of an unlisted model",
    "omni-x",
    { input: 0, output: 0 },
    undefined,
    { state: "known", nano: 0 },
  ],
])("what %s costs", (_what, model, counts, tier, cost) => {
  expect(costOf(model, { state: "known", ...counts }, tier, prices)).toEqual(cost);
});

test("hosted tools cost something that is not in the tokens", () => {
  const operation = { method: "POST", path: "/v1/responses" };
  const of = (searches: number) => {
    const tap = new UsageTap("json");
    const tools = `{"image_gen":{"total_tokens":0},"web_search":{"num_requests":${searches}}}`;
    tap.chunk(Buffer.from(`{"tool_usage":${tools},"usage":{"input_tokens":10,"output_tokens":5}}`));
    return usageOf(operation, tap.found(), { status: 200, ending: "complete" })!;
  };

  expect(costOf("gpt-x", of(0), undefined, prices)).toEqual({ state: "known", nano: 60_000 });
  expect(costOf("gpt-x", of(10), undefined, prices)).toEqual({ state: "partial", nano: 60_000 });
});

test("what is not known does not become known by a price", () => {
  expect(costOf("gpt-x", { state: "unknown" }, undefined, prices)).toEqual({
    state: "unknown",
    nano: 0,
  });
  expect(costOf("gpt-x", { state: "partial", input: 1 }, undefined, prices)).toEqual({
    state: "partial",
    nano: 2000,
  });
});

test("the built-in prices have a date, and every price makes sense", () => {
  const { date, note, models } = loadPrices("");

  expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
  expect(note).toContain("Check them");
  for (const [name, { tiers = {}, longest: _longest, ...price }] of Object.entries(models)) {
    const { input = 0, cachedInput = 0, output = Number.POSITIVE_INFINITY } = price;
    expect(cachedInput, name).toBeLessThanOrEqual(input);
    expect(output, name).toBeGreaterThanOrEqual(input);
    for (const [tier, other] of Object.entries(tiers)) {
      const isCheaper = (other.output ?? 0) < output;
      expect(isCheaper, `${name} ${tier}`).toBe(tier === "flex");
    }
  }
  expect(
    costOf("gpt-4o-2024-08-06", { state: "known", input: 1_000_000 }, undefined, loadPrices("")),
  ).toEqual({ state: "known", nano: 2_500_000_000 });
});

describe("a file with prices", () => {
  let folder: Folder;
  beforeAll(() => {
    folder = createFolder();
  });
  afterAll(() => folder[Symbol.dispose]());

  function load(text: string): Prices {
    return loadPrices(folder.write("prices.json", text));
  }

  test("adds to the built-in ones, or stands in for them", () => {
    const own = { date: "2026-02-01", models: { "gpt-4o": { input: 1 }, mine: { input: 7 } } };

    const more = load(JSON.stringify(own));
    const only = load(JSON.stringify({ ...own, builtIn: false }));

    expect([priceOf("gpt-4o", undefined, more), priceOf("mine", undefined, more)]).toEqual([
      { input: 1 },
      { input: 7 },
    ]);
    expect(priceOf("gpt-5", undefined, more)).toBeDefined();
    expect(more.date).toBe("2026-02-01");
    expect(Object.keys(only.models)).toEqual(["gpt-4o", "mine"]);
  });

  test("is right in the README", () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const blocks = readme.matchAll(/^```json\n([\s\S]*?)^```$/gm);
    const block = [...blocks].find(([, text]) => text!.includes('"my-transcriber"'));

    expect(Object.keys(load(block![1]!).models)).toContain("my-transcriber");
  });

  test.each([
    ["{", "it is no JSON"],
    ["3", "must be what a price table has (date, note, builtIn, models)"],
    ['{"models":{}}', '"date" is missing'],
    ['{"date":"soon","models":{}}', '"date" is "soon": it must be a day such as'],
    [
      '{"date":"2026-01-01","models":{"a":{"input":-1}}}',
      '"models.a.input" is -1: it must be a price in US dollars',
    ],
    [
      '{"date":"2026-01-01","models":{"a":{"inptu":1}}}',
      '"models.a.inptu" is none of the prices of a model (input, ',
    ],
    [
      '{"date":"2026-01-01","models":{"a":{"tiers":{"flex":{"output":"4"}}}}}',
      '"models.a.tiers.flex.output" is "4"',
    ],
  ])("that says %s is refused", (text, why) => {
    expect(() => load(text)).toThrow(why);
  });

  test("that is wrong ends the start, with the place of the mistake", async () => {
    const file = folder.write("wrong.json", '{"date":"2026-01-01","models":{"a":{"input":"1"}}}');

    const { code, stderr } = await runCommand(["start", "--mock", "--port", "0", "--prices", file]);

    expect(code).toBe(3);
    expect(stderr).toContain('"models.a.input" is "1": it must be a price in US dollars');
  });
});

test("10,000 answers, some cut: what is known sums up to the cent, and what is not is flagged", () => {
  // A generator of its own, so that every run has the same calls.
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const truth = { known: 0n, calls: { known: 0, partial: 0, unknown: 0 } };
  const read = { known: 0n, calls: { known: 0, partial: 0, unknown: 0 } };

  for (let i = 0; i < 10_000; i++) {
    const [input, cached, output] = [10 + random(900), random(10), random(5000)];
    const isChat = random(2) === 0;
    const isAsked = random(4) > 0;
    const { slices, usageFrom, end } = isChat
      ? chatStream(input, cached, output, isAsked)
      : responsesStream(input, cached, output);
    // A third of the clients leaves somewhere, as often after the end as before it.
    const seen = random(3) > 0 ? slices.length : random(slices.length + 1);
    const ending: Ending = seen === slices.length && random(2) === 0 ? "complete" : "client_left";

    const tap = new UsageTap("events");
    for (const slice of slices.slice(0, seen)) tap.chunk(slice);
    const operation = { method: "POST", path: isChat ? "/v1/chat/completions" : "/v1/responses" };
    const found = tap.found();
    const usage = usageOf(operation, found, { status: 200, ending })!;
    const cost = costOf(found.model, usage, found.tier, prices);
    read.calls[cost.state]++;
    if (cost.state === "known") read.known += BigInt(cost.nano);

    const isTold = seen > usageFrom;
    const isWhole = ending === "complete" || seen >= end;
    const state = !isTold ? "unknown" : isWhole ? "known" : "partial";
    truth.calls[state]++;
    if (state === "known")
      truth.known +=
        BigInt(input - cached) * 2000n + BigInt(cached) * 500n + BigInt(output) * 8000n;
  }

  expect(read).toEqual(truth);
  expect(Math.min(...Object.values(truth.calls))).toBeGreaterThan(50);
});

type Stream = { slices: Buffer[]; usageFrom: number; end: number };

/** `usageFrom`: the slice with the usage; `end`: how many it takes until the closing event is whole. */
function chatStream(input: number, cached: number, output: number, isAsked: boolean): Stream {
  const head = { id: "c", model: "gpt-x-2026-07-09", service_tier: "default" };
  const usage = {
    ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    prompt_tokens_details: { cached_tokens: cached },
  };
  const chunks: object[] = ["a", '"usage":{"prompt_tokens":1}', "c"].map((content) => ({
    ...{ ...head, choices: [{ delta: { content } }] },
    ...(isAsked && { usage: null }),
  }));
  if (isAsked) chunks.push({ ...head, choices: [], usage });
  const events = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
  const slices = events.map((data) => Buffer.from(`data: ${data}\n\n`));
  const usageFrom = isAsked ? slices.length - 2 : Number.POSITIVE_INFINITY;
  return { slices, usageFrom, end: slices.length };
}

function responsesStream(input: number, cached: number, output: number): Stream {
  const response = (usage: object | null, tier: string) => ({
    ...{ id: "r", model: "gpt-x", service_tier: tier, output: [] },
    tools: [{ type: "function", parameters: { properties: { usage: { type: "object" } } } }],
    usage,
  });
  const usage = {
    ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
    ...{
      input_tokens_details: { cached_tokens: cached },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  };
  const events: [string, object][] = [
    ["response.created", { response: response(null, "auto") }],
    ["response.output_text.delta", { delta: "x" }],
    ["response.completed", { response: response(usage, "default") }],
  ];
  const slices = events.map(([type, event]) =>
    Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...event })}\n\n`),
  );
  // The last event comes in two reads, the second of which has only its end.
  const last = slices.pop()!;
  slices.push(last.subarray(0, -1), last.subarray(-1));
  return { slices, usageFrom: 2, end: 4 };
}

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Closing } from "../src/closing-event.ts";
import type { Found } from "../src/usage/found.ts";
import { UsageTap } from "../src/usage/tap.ts";

type Kind = "json" | "events";

function read(kind: Kind, slices: readonly Buffer[]): Found {
  const tap = new UsageTap(kind);
  for (const slice of slices) tap.chunk(slice);
  return tap.found();
}

/** A text, cut at some of its bytes. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length];
  at.sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

/** What somebody finds who reads the whole: every member by its name, in the order of the text. */
function parsed(texts: readonly string[]): Omit<Found, "isClosed"> {
  const found: Omit<Found, "isClosed"> = {};
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, one] of Object.entries(value)) {
      const isObject = typeof one === "object" && one !== null && !Array.isArray(one);
      if (name === "usage" && isObject && typeof one.total_tokens === "number")
        found.usage = JSON.stringify(one);
      else if (name === "tool_usage" && isObject) found.tools = JSON.stringify(one);
      else if (name === "model" && typeof one === "string") found.model ??= one;
      else if (name === "service_tier" && typeof one === "string") found.tier = one;
      else visit(one);
    }
  };
  for (const text of texts) visit(JSON.parse(text));
  return found;
}

const places = fc.array(fc.nat(), { maxLength: 12 });
const plain = fc.constantFrom("gpt-5", "gpt-4o-2024-08-06", "ft:ü☂", "default", "flex", "");
const tricky = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    '"usage":{"total_tokens":1}',
    '\\"usage":{}',
    "\\",
    '"model":"x"',
    "data: [DONE]\n\n",
  ),
);
const usage = fc.record({
  prompt_tokens: fc.nat(),
  total_tokens: fc.nat(),
  details: fc.record({ text: fc.string({ maxLength: 20 }), deeper: fc.constant({ n: 1 }) }),
});
const answer = fc.record(
  {
    id: tricky,
    model: plain,
    choices: fc.array(fc.record({ delta: fc.record({ content: tricky }) }), { maxLength: 3 }),
    tools: fc.constantFrom(
      [],
      [{ usage: { type: "object", properties: {} } }, { model: { type: "string" } }],
    ),
    service_tier: fc.option(plain),
    usage: fc.option(usage),
    tool_usage: fc.option(fc.record({ web_search: fc.record({ num_requests: fc.nat() }) })),
    metadata: fc.dictionary(tricky, tricky, { maxKeys: 2 }),
  },
  { requiredKeys: [] },
);

test("an answer that is cut anywhere tells what the whole one does", () => {
  const spaced = fc.constantFrom(undefined, 1, "\t\n ");
  fc.assert(
    fc.property(answer, spaced, places, (value, space, at) => {
      const text = JSON.stringify(value, null, space);

      const found = read("json", cut(text, at));

      const { usage, tools, ...rest } = found;
      const compact = {
        ...(usage !== undefined && { usage: JSON.stringify(JSON.parse(usage)) }),
        ...(tools !== undefined && { tools: JSON.stringify(JSON.parse(tools)) }),
      };
      expect({ ...rest, ...compact }).toEqual({ ...parsed([text]), isClosed: false });
    }),
    { numRuns: 400 },
  );
});

test("so does a stream of events", () => {
  const names = fc.constantFrom(
    "",
    "event: response.output_text.delta",
    ": ping",
    "event: done",
    "data: [DONE]",
  );
  const lineEnd = fc.constantFrom("\n", "\r\n");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(names, answer), { maxLength: 6 }),
      lineEnd,
      places,
      (events, end, at) => {
        const texts = events.map(([, value]) => JSON.stringify(value));
        const blocks = events.map(
          ([name], i) => `${name && name + end}data: ${texts[i]}${end}${end}`,
        );
        const stream = blocks.join("");
        const closing = new Closing();
        // It expects its event to end with a slice.
        for (const block of blocks) closing.read(Buffer.from(block));

        const found = read("events", cut(stream, at));

        expect(found).toEqual({ ...parsed(texts), isClosed: closing.isThere });
      },
    ),
    { numRuns: 400 },
  );
});

test("bytes that are no JSON at all give the same however they are cut", () => {
  const pieces = fc.constantFrom(
    '"',
    "\\",
    '"usage"',
    ":",
    " ",
    "{",
    "}",
    '"model"',
    "null",
    '"service_tier"',
  );
  const more = fc.constantFrom(
    '"total_tokens":1',
    "data: [DONE]",
    "\n",
    "\r\n",
    "x",
    "event: done",
    "a",
    "ü",
  );
  const text = fc.array(fc.oneof(pieces, more), { maxLength: 40 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, places, (said, at) => {
      expect(read("events", cut(said, at))).toEqual(read("events", [Buffer.from(said)]));
    }),
    { numRuns: 4000 },
  );
});

test("a usage of a few KB is read, and a larger object is none", () => {
  const of = (size: number) => `{"usage":{"total_tokens":1,"x":"${"x".repeat(size)}"},"model":"m"}`;
  const slices = (text: string) =>
    cut(
      text,
      Array.from({ length: 300 }, (_, i) => i * 17),
    );

  expect(read("json", slices(of(3000))).usage).toContain("total_tokens");
  expect(read("json", slices(of(5000)))).toEqual({ isClosed: false, model: "m" });
  expect(read("json", [Buffer.from(of(5000))])).toEqual({ isClosed: false, model: "m" });
});

test("a picture is passed over, and what follows it is read", () => {
  const tap = new UsageTap("events");

  tap.chunk(Buffer.from('event: image_generation.completed\ndata: {"b64_json":"'));
  for (let i = 0; i < 5; i++) tap.chunk(Buffer.alloc(65_536, "QUJD"));
  tap.chunk(Buffer.from('","usage":{"total_tokens":7}}\n'));
  expect(tap.found()).toEqual({ usage: '{"total_tokens":7}', isClosed: false });

  tap.chunk(Buffer.from("\n"));
  expect(tap.found().isClosed).toBe(true);
});

test("nothing keeps a slice that has passed", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const inUse = () => {
    collect();
    // What was freed outside of the heap is counted only then.
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const ends = [
    '"usage":{"total_tokens":1},"x',
    '"model":"gpt-5',
    '"usa',
    "\nevent: response.comple",
  ];
  const taps = Array.from({ length: 1000 }, () => new UsageTap("events"));
  const before = inUse();

  for (const [i, tap] of taps.entries())
    tap.chunk(Buffer.from(`data: {"a":"${"x y".repeat(21_000)}",${ends[i % ends.length]}`));

  // Those of one kind of end alone are 16 MB.
  expect(inUse() - before).toBeLessThan(8_000_000);
  expect(taps[0]!.found().usage).toBe('{"total_tokens":1}');
});

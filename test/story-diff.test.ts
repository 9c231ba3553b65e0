import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Call } from "../src/journal/call.ts";
import { type Asking, chainOf, toChain } from "../src/story/chain.ts";
import { diffBodies, diffHeaders } from "../src/story/diff.ts";
import type { Fields } from "../src/story/json.ts";
import { diffTexts } from "../src/story/text-diff.ts";

describe("two texts", () => {
  test("are both there in how the one became the other", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "the ", "fox\n", "\n", "🌧"), { maxLength: 60 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const changes = diffTexts(a, b);
        const without = (kind: string) => changes.filter((one) => one.kind !== kind);

        expect(
          without("added")
            .map((one) => one.text)
            .join(""),
        ).toBe(a);
        expect(
          without("removed")
            .map((one) => one.text)
            .join(""),
        ).toBe(b);
      }),
    );
  });

  test("differ by words within lines, and by lines", () => {
    expect(diffTexts("one\nThe quick fox\nend\n", "one\nThe slow fox\nend\nmore\n")).toEqual([
      { kind: "same", text: "one\nThe " },
      { kind: "removed", text: "quick" },
      { kind: "added", text: "slow" },
      { kind: "same", text: " fox\nend\n" },
      { kind: "added", text: "more\n" },
    ]);
    expect(diffTexts("completely other\n", "words here now\n").map(({ kind }) => kind)).toEqual([
      "removed",
      "added",
    ]);
  });

  test("that have nothing in common, however long, are no work", () => {
    const lines = (word: string) =>
      Array.from({ length: 50_000 }, (_, i) => `${word} ${i}\n`).join("");

    expect(diffTexts(lines("a"), lines("b"))).toHaveLength(2);
  });
});

describe("two bodies", () => {
  test.each([
    ['{"a":1,"b":[1,2]}', '{"b":[1,2],"a":1}', []],
    [
      '{"a":{"b":1}}',
      '{"a":{"b":2,"c":null}}',
      [
        { path: "a.b", before: 1, after: 2 },
        { path: "a.c", after: null },
      ],
    ],
    ['{"m":[1,2]}', '{"m":[1,9,2]}', [{ path: "m[1]", after: 9 }]],
    ["plain", "other", [{ path: "body", before: "plain", after: "other" }]],
    ['{"a":1}', "none", [{ path: "body", before: '{"a":1}', after: "none" }]],
  ])("%s and %s", (before, after, differences) => {
    expect(diffBodies(before, after)).toEqual(differences);
  });

  test("show how a longer text within them changed", () => {
    const body = (day: number) =>
      JSON.stringify({ instructions: `You are helpful to everybody. Today is the ${day}th.` });

    expect(diffBodies(body(11), body(12))[0]!.changes).toContainEqual({
      kind: "removed",
      text: "11th",
    });
  });

  test("may be nested without an end", () => {
    const deep = (inner: string) => "[".repeat(90_000) + inner + "]".repeat(90_000);

    expect(diffBodies(deep("1"), deep("2"))).toHaveLength(1);
  });
});

test("headers differ but for those that are never twice the same", () => {
  expect(
    diffHeaders(
      [
        ["Date", "1"],
        ["Accept", "a"],
        ["X-Request-Id", "1"],
      ],
      [
        ["date", "2"],
        ["accept", "b"],
        ["accept", "c"],
      ],
    ),
  ).toEqual([{ path: "header.accept", before: "a", after: "b, c" }]);
});

describe("a chain of calls", () => {
  const system = (text: string) => ({
    role: "system",
    content: `${"Be brief. ".repeat(50)}${text}`,
  });
  const [ask, say, more] = [
    { role: "user", content: "What is up?" },
    { role: "assistant", content: "The sky." },
    { role: "user", content: "And down?" },
  ];
  const tool = (name: string) => ({ type: "function", function: { name } });

  function asking(id: string, body: Fields, more: Partial<Call> = {}): Asking {
    const call: Call = {
      ...{ seq: 1, id, kind: "http", startedAt: Number(id) * 10_000, method: "POST" },
      relay: { number: 1, pid: 1, startedAt: 0, command: "start", url: "" },
      ...{ path: "/v1/chat/completions", isStream: false, status: 200, ending: "complete" },
      ...{
        bytesIn: 1,
        bytesOut: 1,
        slices: 1,
        times: { firstSlice: 500, end: 900 },
        isCaptured: true,
      },
      usage: { state: "known", input: 2_000, cachedInput: 0, output: 1 },
      ...more,
    };
    return { call, body: { model: "gpt-5", ...body } };
  }

  test("goes on from where the earlier one ended", () => {
    const links = toChain([
      asking("1", { messages: [system(""), ask] }),
      asking("2", { messages: [{ role: "user", content: "Somebody else" }] }),
      asking(
        "3",
        { messages: [system(""), ask, say, more] },
        { usage: { state: "known", input: 2_048, cachedInput: 1_920 } },
      ),
    ]);

    const chain = chainOf(links, "3");
    expect(chain.map(({ id }) => id)).toEqual(["1", "3"]);
    expect(chain[1]).toEqual({
      ...{ id: "3", before: "1", cached: { tokens: 1_920, input: 2_048 }, remarks: [] },
      shared: expect.any(Number),
      size: expect.any(Number),
    });
    expect(chain[1]!.shared).toBe(chain[0]!.size);
  });

  test.each<[string, Fields, Fields, string | undefined, RegExp | undefined]>([
    [
      "a time in front",
      { messages: [system("It is 12:04:31."), ask] },
      { messages: [system("It is 12:04:55."), ask] },
      "messages[0].content",
      /^A date, time or id stands at messages\[0\]\.content/,
    ],
    [
      "words in front",
      { messages: [system("Be kind."), ask] },
      { messages: [system("Be mean."), ask] },
      "messages[0].content",
      undefined,
    ],
    [
      "the order of tools",
      { tools: [tool("a"), tool("b")], messages: [ask] },
      { tools: [tool("b"), tool("a")], messages: [ask] },
      "tools[0].function.name",
      /^The same tools stand in another order/,
    ],
    [
      "another tool",
      { tools: [tool("a")], messages: [ask] },
      { tools: [tool("a"), tool("b")], messages: [ask] },
      "tools[1]",
      /^The tools differ \(0 gone or changed, 1 new\)/,
    ],
    [
      "the model",
      { messages: [ask] },
      { model: "gpt-5-mini", messages: [ask] },
      undefined,
      /^Another model \(gpt-5 → gpt-5-mini\)/,
    ],
    [
      "the key of the cache",
      { prompt_cache_key: "a", messages: [ask] },
      { messages: [ask] },
      undefined,
      /^Another prompt_cache_key \(a → none\)/,
    ],
    [
      "reasoning effort",
      { reasoning: { effort: "low" }, input: "Hi" },
      { reasoning: { effort: "high" }, input: "Hi" },
      undefined,
      /^Another reasoning effort/,
    ],
    [
      "a message taken out",
      { messages: [ask, say, more] },
      { messages: [say, more] },
      "messages[0].content",
      /has moved up/,
    ],
    [
      "a prompt that OpenAI keeps",
      { input: "Hi" },
      { previous_response_id: "resp_1", input: "Hi" },
      undefined,
      /former response/,
    ],
    [
      "nothing",
      { messages: [ask] },
      { messages: [ask, say, more] },
      undefined,
      /^Nothing in front has changed/,
    ],
  ])("finds %s", (_name, before, after, path, remark) => {
    const [, link] = toChain([asking("1", before), asking("2", after)]);

    expect(link!.parting?.path).toBe(path);
    if (remark) expect(link!.remarks[0]).toMatch(remark);
    else expect(link!.remarks).toEqual([]);
  });

  test("tells of prompts that are too short, and of calls too near to and too far from each other", () => {
    const body = { messages: [ask] };
    const remarks = (startedAt: number, input = 2_000) =>
      toChain([
        asking("1", body),
        asking("2", body, { startedAt, usage: { state: "known", input } }),
      ])[1]!.remarks;

    expect(remarks(10_100)).toEqual([
      expect.stringMatching(/^It was sent before the other one was answered/),
    ]);
    expect(remarks(10_500 + 12 * 60_000)).toEqual([
      expect.stringMatching(/^12 minutes lie between them/),
    ]);
    expect(remarks(20_000, 800)).toEqual([
      "Prompts of less than 1,024 tokens are not cached; this one has 800.",
    ]);
  });

  test("shows what stands around the place where prompts part", () => {
    const [, link] = toChain([
      asking("1", { instructions: `${"x".repeat(200)}old${"y".repeat(200)}` }),
      asking("2", { instructions: `${"x".repeat(200)}new${"y".repeat(200)}` }),
    ]);

    expect(link!.parting).toEqual({
      path: "instructions",
      before: `…${"x".repeat(40)}old${"y".repeat(77)}…`,
      after: `…${"x".repeat(40)}new${"y".repeat(77)}…`,
    });
    expect(link!.shared).toBe(201);
  });
});

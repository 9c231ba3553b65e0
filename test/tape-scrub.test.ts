import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createScrub } from "../src/scrub.ts";
import { Slices } from "../src/tape/slices.ts";
import { Terminal } from "../src/tape/terminal.ts";

const scrub = createScrub([]);

describe("what is crossed out", () => {
  test.each([
    ["sk-proj-Ab3Cd5Ef7Gh9Ij1K", "sk-xxxxxxx0xx0xx0xx0xx0x"],
    [
      '{"value":"ek_68af296e8e408191a1120ab6383263c2"}',
      '{"value":"ek_00xx000x0x000000x0000xx0000000x0"}',
    ],
    ["Bearer abcdefgh12345678", "Bearer xxxxxxxx00000000"],
    ["https://x.example/f?a=b&sig=abcDEF%2F12&c=d", "https://x.example/f?a=b&sig=xxxxxxx0x00&c=d"],
    ['"u":"x?sig=abcdefgh\\u0026se=1"', '"u":"x?sig=xxxxxxxx\\u0026se=1"'],
    ['"password": "hunter2"', '"password": "xxxxxx0"'],
    ["eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", "eyJhbGciOiJI.xxxxxxxxxxxxxxxxxxxxx"],
  ])("%s", (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });
});

test.each([
  "basic instructions of sk-learn, a task-based-scheduler-2 for ek-sentences",
  "/tmp/relay-run-0a1b2c3d4e5f6",
  '{"key":"value","token":"Hello there","max_tokens":1000}',
  "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT and resp_67ccd2bed1ec8190b14f964abc054267",
])("%s stays", (text) => {
  expect(scrub(text)).toBe(text);
});

test("wherever an answer is cut, the same is crossed out, and the slices stay as long as they were", () => {
  const filler = fc.stringMatching(/^[a-z ]{0,600}$/);
  const secret = fc.constantFrom("sk-proj-Ab3Cd5Ef7Gh9Ij1K", "Bearer abcdefgh12345678", "");
  const text = fc
    .array(fc.tuple(filler, secret), { minLength: 1, maxLength: 30 })
    .map((parts) => parts.flat().join(" "));
  const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(text, cuts, fc.integer({ min: 1, max: 9_000 }), (whole, lengths, most) => {
      const slices = new Slices(scrub);
      const sent: number[] = [];
      const taken: Buffer[] = [];
      let at = 0;
      for (let turn = 0; at < whole.length; turn++) {
        const bytes = Buffer.from(whole.slice(at, at + lengths[turn % lengths.length]!));
        sent.push(bytes.length);
        at += bytes.length;
        slices.add({ at: 0, turn, bytes });
        if (turn % 7 === 0) taken.push(...slices.take(false, most).map((piece) => piece.bytes));
      }
      while (slices.size > 0) taken.push(...slices.take(true, most).map((piece) => piece.bytes));

      expect(Buffer.concat(taken).toString()).toBe(scrub(whole));
      expect(taken.map(({ length }) => length)).toEqual(sent);
    }),
    { numRuns: 50 },
  );
});

test.each([
  [["data: {}\n\ndata: [DO", "NE]\n\n"], true],
  [["data: [DONE]\r\n\r\n"], true],
  [["data: [DONE]\n"], false],
  [['event: response.completed\ndata: {"text":"', `${"x".repeat(500)}"}\n\n`], true],
  [["event: response.completed\ndata: {"], false],
  [['data: {"text":"data: [DONE]"}\n\n'], false],
])("of a stream %j the last event has come: %s", (pieces, reached) => {
  const terminal = new Terminal();
  for (const piece of pieces) terminal.feed(piece);

  expect(terminal.reached).toBe(reached);
});

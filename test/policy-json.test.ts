import fc from "fast-check";
import { expect, test } from "vitest";
import { valuesIn } from "../src/policy/json.ts";

const places = new Set(["model", "session.model", "tools.model"]);

/** What stands at the places, found by walking what JSON.parse made of the text. */
function walk(value: unknown, place = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((part) => walk(part, place));
  return Object.entries(value).flatMap(([name, part]) => {
    const at = place === "" ? name.toLowerCase() : `${place}.${name.toLowerCase()}`;
    const own = typeof part === "object" && part !== null ? undefined : part;
    const found: [string, unknown][] = places.has(at) ? [[at, own]] : [];
    return [...found, ...walk(part, at)];
  });
}

test("finds in any JSON what JSON.parse finds, wherever spaces and escapes are", () => {
  const names = ["model", "Model", "session", "tools", "x", "", '"', "\\", '\\"', "a.b", "{", "],"];
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(null, true, -0.5, 1e300, "", "gpt-5", '"}', "\\", '\\"', "\ud800", "a\nb"),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...names), tie("tree"), { maxKeys: 5 }),
    ),
  }));
  const style = fc.record({ indent: fc.nat(3), isEscaped: fc.boolean() });

  fc.assert(
    fc.property(tree, style, (value, { indent, isEscaped }) => {
      const plain = ` ${JSON.stringify(value, null, indent)}\r\n`;
      const text = isEscaped ? plain.replace(/[eo](?=[^u]*")/g, toEscape) : plain;

      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        expect(() => valuesIn(text, places)).toThrow(SyntaxError);
        return;
      }
      expect(valuesIn(text, places)).toEqual(walk(parsed));
    }),
    { numRuns: 3_000 },
  );
});

test("finds both of two members of one name, in the order of the text", () => {
  const text = '{"model":"a","x":{"model":1},"session":{"model":{}},"m\\u006fdel":null}';

  expect(valuesIn(text, places)).toEqual([
    ["model", "a"],
    ["session.model", undefined],
    ["model", null],
  ]);
});

test("takes what is nested a hundred thousand times without failing or taking long", () => {
  const [depth, start] = [300_000, performance.now()];
  const objects = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const lists = `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const text = `{"x":${objects},"y":${lists},"z":"${"\\\\".repeat(depth)}","model":"a"}`;

  expect(valuesIn(text, places)).toEqual([["model", "a"]]);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test.for([
  ["lists", "[],"],
  ["open lists", "["],
  ["texts", '"a",'],
  ["numbers", "1,"],
  ["objects", "{},"],
])("refuses millions of %s at once", ([, part]) => {
  const [text, start] = [`[${part!.repeat(8_000_000)}`, performance.now()];

  expect(() => valuesIn(text, places)).toThrow("it has more than 1000000 parts");
  expect(performance.now() - start).toBeLessThan(5_000);
});

test("takes a long name for none that matters", () => {
  const long = "a".repeat(10_000);
  const text = `{"${long}":{"model":"a"},"${long}model":"b","model":"c"}`;
  expect(valuesIn(text, places)).toEqual([["model", "c"]]);
});

function toEscape(letter: string): string {
  return `\\u00${letter.charCodeAt(0).toString(16)}`;
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { match, matches } from "../src/config/pattern.ts";

test.for([
  ["/v1/models", "/v1/models", ""],
  ["/v1/models", "/v1/models/x", undefined],
  ["/v1/models", "/V1/MODELS", undefined],
  ["/v1/models*", "/v1/models", ""],
  ["/v1/models/*", "/v1/models/a/b", "a/b"],
  ["/v1/models/*", "/v1/models", undefined],
  ["*", "", ""],
  ["*", "gpt-5", "gpt-5"],
  ["ft:*:acme:*", "ft:gpt-4o-mini:acme:tests:7", "tests:7"],
  ["ft:*:acme:*", "ft:gpt-4o-mini:other:tests:7", undefined],
  ["*-mini", "gpt-5-mini", "gpt-5"],
  ["*-mini", "gpt-5-mini-2026", undefined],
  ["a*a", "a", undefined],
  ["a*a", "aa", ""],
  ["a**b", "ab", ""],
  ["*a*b*", "xaybz", "z"],
  ["gpt.5", "gpt-5", undefined],
  ["(a+)+$*", "(a+)+$", ""],
] as const)("the last * of %s stands in %s for %s", ([pattern, value, rest]) => {
  expect(match(pattern, value)).toBe(rest);
});

test("a pattern finds exactly what it was made of", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "."), maxLength: 12 });
  fc.assert(
    fc.property(letters, letters, (pattern, value) => {
      const pieces = pattern.split("*").map((piece) => piece.replace(/[./]/g, "\\$&"));
      expect(matches(pattern, value)).toBe(new RegExp(`^${pieces.join("[^]*")}$`).test(value));
    }),
    { numRuns: 5_000 },
  );
});

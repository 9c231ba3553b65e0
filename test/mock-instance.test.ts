import { expect, test } from "vitest";
import { instanceOf } from "../src/mock/instance.ts";

test.each([
  [{ type: "string" }, "mock"],
  [{ type: "string", format: "email" }, "mock@example.com"],
  [{ type: "string", format: "constructor" }, "mock"],
  [{ type: "string", maxLength: 2 }, "mo"],
  [{ type: ["integer", "null"] }, 1],
  [{ type: "integer", minimum: 7 }, 7],
  [{ type: "integer", exclusiveMinimum: 7 }, 8],
  [{ type: "integer", maximum: -3 }, -3],
  [{ type: "integer", multipleOf: 5, minimum: 7 }, 10],
  [{ type: "number", minimum: 0.2, maximum: 0.9 }, 0.5],
  [{ type: "boolean" }, true],
  [{ type: "null" }, null],
  [{ enum: ["b", "a"] }, "b"],
  [{ const: 3 }, 3],
  [{ anyOf: [{ type: "string" }, { type: "null" }] }, "mock"],
  [
    { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] },
    { a: 1, b: 2 },
  ],
  [{ type: "array", items: { type: "boolean" }, minItems: 2 }, [true, true]],
  [{ type: "array", items: { type: "boolean" }, maxItems: 0 }, []],
  [{ type: "object" }, {}],
  [{ type: "string", minLength: { toString: 1 }, format: { toString: 1 } }, "mock"],
  [{ $ref: "#/$defs/a", $defs: { a: { const: "x" } } }, "x"],
])("the instance of %j", (schema, instance) => {
  expect(instanceOf(schema)).toEqual(instance);
});

test("what refers to itself comes to an end, and is still valid", () => {
  const node = { type: "object", required: ["next", "below"], properties: {} };
  const next = { anyOf: [{ $ref: "#" }, { type: "null" }] };
  const below = { type: "array", items: { $ref: "#" } };

  const instance = instanceOf({ ...node, properties: { next, below } });

  expect(isNode(instance)).toBe(true);
  expect(JSON.stringify(instance).length).toBeLessThan(10_000);
});

type Node = { next: Node | null; below: Node[] };

function isNode(value: unknown): value is Node {
  if (typeof value !== "object" || value === null) return false;
  const { next, below } = value as Node;
  return (next === null || isNode(next)) && Array.isArray(below) && below.every(isNode);
}

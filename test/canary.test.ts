import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { canaries, leaksIn } from "./support/canaries.ts";

const { key } = canaries;
const url = [...Buffer.from(key)].map((byte) => `%${byte.toString(16)}`).join("");

test.each([
  ["plain", key],
  ["half of it", `…${key.slice(4, 24)}…`],
  ["in JSON", JSON.stringify({ key })],
  ["in JSON in JSON", JSON.stringify(JSON.stringify({ key }))],
  ["in a URL", `?key=${encodeURIComponent(key)}`],
  ["in a URL, every byte", url],
  ["in hex", Buffer.from(key).toString("hex")],
  ...["", "a", "ab"].map((before) => [
    `in base64 after ${before.length}`,
    Buffer.from(`${before}${key}xyz`).toString("base64"),
  ]),
  ["in base64url", Buffer.from(`Bearer ${key}`).toString("base64url")],
])("a secret is found %s", (_how, text) => {
  expect(leaksIn([{ where: "here", text: `before${text}after` }])).not.toEqual([]);
});

test("what may be told of a secret is not taken for it", () => {
  const text = `sk-proj-…${key.slice(-4)}, fingerprint ${hash("sha256", key).slice(0, 8)}`;

  expect(leaksIn([{ where: "here", text }])).toEqual([]);
});

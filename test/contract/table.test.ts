import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { contractTable } from "./table.ts";

test("the README's table of changes is the one that the contract test allows", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

  expect(readme).toContain(`\n${contractTable()}\n`);
});

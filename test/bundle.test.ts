import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";

const require = createRequire(import.meta.url);
const slim: Record<string, unknown> = require("../bin/undici-slim.cjs");
const undici: Record<string, unknown> = require("undici");

test("the bundle has of undici just what src imports", () => {
  const imports = globSync("src/**/*.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^import \{([^}]*)\} from "undici"/gm)].flatMap(
      ([, names]) => names!.split(",").map((name) => name.trim()),
    ),
  );
  const values = imports.filter((name) => name !== "" && !name.startsWith("type "));

  expect([...new Set(values)].sort()).toEqual(Object.keys(slim).sort());
});

test.each(Object.keys(slim))("%s in the bundle is undici's own", (name) => {
  expect(slim[name]).toBe(undici[name]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { faultRemarks } from "../src/commands/faults.ts";
import { catalogueRows } from "../src/config/fault-catalogue.ts";
import { faultProblem, parseFault } from "../src/config/fault-spec.ts";
import { describeFaults } from "./grades/page.ts";
import { load } from "./support/settings.ts";

describe("what a fault says", () => {
  test.each([
    ["503", { name: "503", args: { "retry-after": 0, "should-retry": "unsaid" } }, {}],
    [
      "rate-limit(retry-after=2s, form=date)@/v1/chat/*;nth=1",
      { name: "rate-limit", args: { "retry-after": 2_000, form: "date" } },
      { path: "/v1/chat/*", nth: [1, 1] },
    ],
    [
      " cut(100b)  @ POST /v1/responses ; model=gpt-5* ; nth=3- ; chance=20% ",
      { name: "cut", args: { after: { unit: "bytes", count: 100 }, how: "close" } },
      {
        method: "POST",
        path: "/v1/responses",
        model: "gpt-5*",
        nth: [3, Number.POSITIVE_INFINITY],
        chance: 0.2,
      },
    ],
    [
      "stall(for=1.5m);nth=2-4;every=2",
      { name: "stall", args: { after: { unit: "events", count: 1 }, for: 90_000 } },
      { nth: [2, 4], every: 2 },
    ],
    [
      "slow-head(forever)@delete /v1/files/*",
      { name: "slow-head", args: { for: Number.POSITIVE_INFINITY } },
      { method: "DELETE", path: "/v1/files/*" },
    ],
  ])("%j", (text, fault, when) => {
    expect(parseFault(text)).toEqual({ text: text.trim(), fault, when });
  });

  test("the catalogue itself can be read, defaults and all", () => {
    for (const { call } of catalogueRows())
      expect(faultProblem(call.replace(/\|[\w|]+/g, "")), call).toBeUndefined();
  });
});

test.each([
  ["rate-limti", 'character 1: "rate-limti" is no fault. Did you mean "rate-limit"?'],
  ["", 'character 1: "" is no fault.'],
  ["cut(afer=3)", 'character 5: cut has no argument "afer". Did you mean "after"?'],
  ["crlf(2s)", 'character 6: crlf has no argument "2s".'],
  ["cut(3, how=soft)", 'character 8: how must be one of close, reset, clean, not "soft".'],
  [
    "slow-head(for=5)",
    'character 11: for must be a time such as "500ms" or "2s", or forever, not "5".',
  ],
  ["500@v1/models", 'character 5: "v1/models" is no path such as "/v1/chat/*" or "POST /v1/*".'],
  ["500@/v1/*;nht=1", 'character 11: "nht" is no condition. Did you mean "nth"?'],
  [
    "500; nth=4-2",
    'character 6: nth must be a number such as "1", or a range such as "2-4" or "3-", not "4-2".',
  ],
  ["500;chance=120%", 'character 5: chance must be a share such as "20%" or "0.2", not "120%".'],
  ["500)", 'character 1: "500)" is no fault. Did you mean "500"?'],
  ["cut(3", 'character 4: the ")" of "(3" is missing.'],
  ["500(1s)(2s)", 'character 8: "(2s)" does not belong here.'],
  ["429", 'character 1: "429" is no fault. Say rate-limit or quota.'],
  ["500(1s, retry-after=2s)", "character 9: retry-after is said twice."],
  ["500;nth=1;nth=2", "character 11: nth is said twice."],
  ["500() nth=1", 'character 7: "nth=1" does not belong here.'],
])("%j is refused: %s", (text, problem) => {
  expect(faultProblem(text)).toBe(problem);
});

test("what is told of faults at the start steers no terminal", async () => {
  const { config } = await load({ flags: { fault: ["503;model=\x1b[2J"] } });

  expect(faultRemarks(config)).toEqual([
    "Calls break on purpose, by seed 1: 503;model=\\u001b[2J.",
  ]);
});

test("flags, environment and files say faults, several in one text too", async () => {
  const flags = await load({ flags: { fault: ["500;nth=1", "cut(3, how=clean)"] } });
  const env = await load({ env: { RELAY_FAULT: "cut(after=3, how=clean)@/v1/*,\n503;nth=2" } });
  const wrong = load({ flags: { fault: ["500;nth=1", "50"] } });

  expect(flags.config.fault).toEqual(["500;nth=1", "cut(3, how=clean)"]);
  expect(env.config.fault).toEqual(["cut(after=3, how=clean)@/v1/*", "503;nth=2"]);
  await expect(wrong).rejects.toThrow(
    /"fault\[1\]" is "50" \(flag --fault\): it must be a fault such as ".*"; character 1: "50" is no fault\. Did you mean "500"\?/,
  );
});

test("the page of faults knows the catalogue and the rules as they are", () => {
  const page = readFileSync(join(import.meta.dirname, "../.github/faults.md"), "utf8");

  expect(page).toContain(describeFaults());
});

import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { accountsOf } from "../src/budget/accounts.ts";
import { estimateOf } from "../src/budget/estimate.ts";
import { readStandings } from "../src/budget/file.ts";
import { openLedger } from "../src/budget/ledger.ts";
import { toDollars } from "../src/budget/money.ts";
import { parseBudget } from "../src/config/budget-spec.ts";
import { loadConfig } from "../src/config/load.ts";
import type { Exchange } from "../src/exchange.ts";
import { inputTokensOf } from "../src/policy/size.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

const run = { pid: process.pid, id: "r" };

test.for<[string, object | undefined]>([
  ["5.00/day", { cap: 5e9, per: "day" }],
  [" $0.000000001/run ", { cap: 1, per: "run" }],
  ["token=ci:1/day", { of: { kind: "token", name: "ci" }, cap: 1e9, per: "day" }],
  ["tag=a:b:0.5/day", { of: { kind: "tag", name: "a:b" }, cap: 5e8, per: "day" }],
  ["tag=*:1000000/run", { of: { kind: "tag", name: "*" }, cap: 1e15, per: "run" }],
  ["5.00", undefined],
  ["5.00/week", undefined],
  ["0/day", undefined],
  ["-1/day", undefined],
  ["NaN/day", undefined],
  ["1e3/day", undefined],
  ["1000001/day", undefined],
  ["user=x:1/day", undefined],
  ["tag=:1/day", undefined],
])("a budget reads %j", ([text, right]) => {
  const read = parseBudget(text);

  if (right) expect(read).toMatchObject(right);
  else expect(read).toBeUndefined();
});

test("a wrong budget ends with what a right one looks like", { timeout: 20_000 }, async () => {
  const flag = await runCommand(["start", "--budget", "5 dollars"]);
  const variable = await runCommand(["start"], { env: { RELAY_BUDGET: "5/month" } });

  expect(flag.code).toBe(2);
  expect(flag.stderr).toContain('a budget such as "5.00/day"');
  expect(variable.code).toBe(3);
});

test("a config file that was found may set budgets, but none in the place of the user's own", async () => {
  const own = { "openai-relay/config.json": { budget: ["1.00/day"] } };
  using user = createFolder(own);
  using none = createFolder();
  using project = createFolder({ "relay.config.json": { budget: ["9.00/day"] } });
  const load = (home: string) =>
    loadConfig({ flags: {}, env: { HOME: home, XDG_CONFIG_HOME: home }, cwd: project.path });

  expect((await load(none.path)).config.budget).toEqual(["9.00/day"]);
  await expect(load(user.path)).rejects.toThrow(/budget to \["9\.00\/day"\].*relay config trust/);
});

describe("accounts", () => {
  const exchange = (client?: string, tag?: string) =>
    ({ client, headers: tag === undefined ? [] : ["X-Relay-Tag", tag] }) as unknown as Exchange;
  const names = (specs: string[], one: Exchange, now = "2026-01-31T23:59:59.999Z") => {
    const all = specs.map((text) => parseBudget(text)!);
    return accountsOf(all, one, new Date(now), run).map(
      ({ name, period, cap }) => `${name} ${period} ${cap / 1e9}`,
    );
  };

  test("change at midnight, in UTC", () => {
    const before = names(["1/day", "1/run"], exchange());
    const after = names(["1/day", "1/run"], exchange(), "2026-02-01T00:00:00Z");

    expect(before).toEqual(["all 2026-01-31 1", "all run:r 1"]);
    expect(after).toEqual(["all 2026-02-01 1", "all run:r 1"]);
  });

  test("are by name before each, and the smaller of two", () => {
    const specs = [
      "3/run",
      "2/run",
      "tag=*:1/run",
      "tag=a:5/run",
      "token=*:4/run",
      "token=b:9/run",
    ];

    expect(names(specs, exchange("b", "a"))).toEqual([
      "all run:r 2",
      "tag=a run:r 5",
      "token=b run:r 9",
    ]);
    expect(names(specs, exchange("c", "x".repeat(99)))).toEqual([
      "all run:r 2",
      `tag=${"x".repeat(64)} run:r 1`,
      "token=c run:r 4",
    ]);
    expect(names(specs, exchange(undefined, " "))).toEqual(["all run:r 2"]);
  });
});

describe("an estimate", () => {
  const image = `data:image/png;base64,${"iVBOR/+".repeat(10_000)}`;
  const json = (value: object) => Buffer.from(JSON.stringify(value));

  test.for<[string, Buffer, string, [least: number, most: number]]>([
    ["text", json({ input: "word ".repeat(1_000) }), "/responses", [2_500, 2_520]],
    ["an image", json({ input: [{ image_url: image }] }), "/responses", [10_000, 10_050]],
    ["an image by URL", json({ image_url: "https://x/y.png" }), "/responses", [10_000, 10_050]],
    ["a file", json({ file_data: "A".repeat(20_000) }), "/responses", [1_000, 1_050]],
    [
      "an escaped file",
      Buffer.from(`"${"AAAAAAAA\\/".repeat(2_000)}"`),
      "/responses",
      [1_000, 1_010],
    ],
    ["sound", json({ input_audio: { data: "A".repeat(20_000) } }), "/responses", [100, 150]],
    ["a form of sound", Buffer.alloc(20_000, "--x"), "/audio/transcriptions", [100, 100]],
    ["earlier turns", json({ previous_response_id: "resp_1" }), "/responses", [10_000, 10_050]],
  ])("of %s", ([, body, path, [least, most]]) => {
    const tokens = inputTokensOf(body, path);

    expect(tokens).toBeGreaterThanOrEqual(least);
    expect(tokens).toBeLessThanOrEqual(most);
  });

  test("reads a long body once", () => {
    const body = Buffer.from(`${"A".repeat(999)} `.repeat(20_000));
    const start = performance.now();

    inputTokensOf(body, "/responses");

    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test("takes the dearest that a model has, and never less than nothing", () => {
    const prices = {
      date: "",
      models: {
        m: { input: 1, audioInput: 5, output: 2, tiers: { priority: { input: 3, output: 4 } } },
        heard: { minute: 0.006 },
        huge: { input: 1e300, output: 1e300 },
        embedding: { input: 1 },
        long: { input: 1, output: 2, longest: 600 },
      },
    };
    const size = { inputTokens: 600, choices: 2 };
    const of = (fields: object, path = "/responses") => estimateOf(fields, path, 100, prices);

    expect(of({ model: "m", size })).toBe(600 * 5_000 + 2 * 100 * 2_000);
    expect(of({ model: "m", size: { ...size, tier: "priority" } })).toBe(600 * 3_000 + 200 * 4_000);
    expect(of({ model: "m-2026-01-31", maxOutputTokens: -7, size })).toBe(600 * 5_000);
    expect(of({ model: "heard", size })).toBe(6e6);
    expect(of({ model: "long", size })).toBe(600 * 1_000 + 200 * 2_000);
    expect(of({ model: "long", size: { ...size, inputTokens: 601 } })).toBe(
      2 * (601 * 1_000 + 200 * 2_000),
    );
    expect(of({ model: "huge", size })).toBe(Number.MAX_SAFE_INTEGER);
    expect(of({ model: "embedding", maxOutputTokens: Infinity, size })).toBe(600_000);
    expect(of({ model: "other", size })).toBeUndefined();
    expect(of({ size })).toBeUndefined();
  });
});

describe("a ledger", () => {
  const account = (name: string, cap = 1e15) => ({ name, period: "2026-01-31", cap });

  test("adds up 10,000 calls to the last billionth", { timeout: 60_000 }, () => {
    using folder = createFolder();
    const file = folder.at("budget.db");
    const ledger = openLedger(file, run);
    const other = openLedger(file, run);
    let sum = 0;

    for (let i = 1; i <= 10_000; i++) {
      const hold = (i % 2 ? ledger : other).reserve([account("all")], 1e6);
      if ("cap" in hold) throw new Error("refused");
      const cost = (i * 7_919) % 1_000_003;
      sum += cost;
      (i % 2 ? ledger : other).settle(hold, cost);
    }

    expect(readStandings(file, "2026-01-31")).toEqual([
      { ...account("all"), spent: sum, reserved: 0 },
    ]);
    ledger.close();
    other.close();
  });

  test("reserves everywhere or nowhere, and bounds the tags that clients choose", () => {
    const ledger = openLedger(":memory:", run);
    const full = ledger.reserve([account("all"), account("token=ci", 5)], 6);
    for (let i = 0; i < 3_000; i++) ledger.reserve([account(`tag=${i}`)], 1);

    expect(full).toMatchObject({ name: "token=ci", spent: 0, reserved: 0 });
    expect(ledger.standing(account("all")).reserved).toBe(0);
    expect(ledger.standing(account("tag=7")).reserved).toBe(1);
    expect(ledger.standing(account("tag=2999")).reserved).toBeGreaterThan(1_900);
    ledger.close();
  });

  test("takes a call for spent whose relay was taken for dead, until it settles it", () => {
    using folder = createFolder();
    const file = folder.at("budget.db");
    const ledger = openLedger(file, run);
    const hold = ledger.reserve([account("all")], 100);
    if ("cap" in hold) throw new Error("refused");

    const db = new DatabaseSync(file);
    db.exec("UPDATE owners SET pid = 2147483647");
    db.close();
    ledger.tidy();
    const between = ledger.standing(account("all"));
    ledger.settle(hold, 30);
    ledger.reserve([account("all")], 5);

    expect(between).toMatchObject({ spent: 100, reserved: 0 });
    expect(ledger.standing(account("all"))).toMatchObject({ spent: 30, reserved: 5 });
    ledger.close();
  });
});

test.for<[number, string]>([
  [0, "$0.00"],
  [1, "$0.000000001"],
  [1_500_000_000, "$1.50"],
  [12_345_000, "$0.012345"],
  [-70_000_000, "-$0.07"],
])("%d billionths are %s", ([nano, text]) => {
  expect(toDollars(nano)).toBe(text);
});

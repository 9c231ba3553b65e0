import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Call } from "../src/journal/call.ts";
import { createLines } from "../src/logs/lines.ts";
import { toCount, toDollars, toSpan } from "../src/terminal/figures.ts";
import { createTestJournal } from "./support/calls.ts";
import { runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

const usage = { state: "known" as const, input: 12_345, cachedInput: 10_240, output: 812 };

describe("figures", () => {
  test.each([
    [0.4, "0ms"],
    [99, "99ms"],
    [99.6, ".10s"],
    [820, ".82s"],
    [996, "1.0s"],
    [9_960, "10s"],
    [99_000, "99s"],
    [250_400, "4m10"],
    [3_600_000, "60m"],
    [7_400_000, "2h03"],
    [90_000_000, "25h"],
  ])("%d milliseconds are %s", (ms, text) => expect(toSpan(ms)).toBe(text));

  test.each([
    [999, "999"],
    [1_234, "1.2k"],
    [9_960, "10k"],
    [999_600, "1.0M"],
    [2_212_345, "2.2M"],
  ])("%d are %s", (count, text) => expect(toCount(count)).toBe(text));

  test.each([
    ["known", 0, "0"],
    ["known", 12_345_678, ".0123"],
    ["known", 1, "<.0001"],
    ["known", 999_960_000, "1.00"],
    ["known", 1_234_567_890_123, "1235"],
    ["partial", 1_240_000_000, "~1.24"],
    ["partial", 1, "~.0001"],
    ["unknown", 0, "?"],
  ] as const)("a cost that is %s, of %d nano-dollars, is %s", (state, nano, text) =>
    expect(toDollars({ state, nano })).toBe(text),
  );
});

test("a line has 80 columns, whatever is in it", () => {
  const call: Call = {
    seq: 1_234_567,
    id: "a-1",
    relay: { number: 1, pid: 1, startedAt: 0, command: "start", url: "" },
    kind: "http",
    startedAt: 0,
    method: "DELETE",
    path: `/v1/files/\u001b[31m${"x".repeat(80)}`,
    model: "gpt-4o-mini-2024-07-18",
    isStream: false,
    status: 502,
    ending: "refused",
    error: "upstream_dns",
    errorMessage: "\u001b]0;title\u0007".repeat(20),
    bytesIn: 0,
    bytesOut: 0,
    slices: 0,
    times: { firstSlice: 359_999, end: 35_999_000 },
    usage: { state: "known", input: 999_499, cachedInput: 999_499, output: 999_499 },
    cost: { state: "partial", nano: 999_000_000_000 },
    isCaptured: false,
  };

  const { titles, ended, begun } = createLines(80, (_colour, text) => text);
  const lines = [titles, ended(call), begun(call)].join("").trimEnd().split("\n");

  expect(Math.max(...lines.map((line) => line.length))).toBe(80);
  expect(lines.join("")).not.toMatch(/\p{Cc}/u);
  expect(lines[1]).toMatch(
    / 1234567 DELETE .*… gpt-4o-min… 502 +10h 6m00 999k 100% 999k ~999\.00$/,
  );
});

describe("relay logs", () => {
  test("prints the last calls, the newest last, by filters, as JSON", async () => {
    using folder = createFolder();
    const file = folder.at("journal.db");
    using journal = createTestJournal(file);
    const cost = { state: "known" as const, nano: 12_345_678 };
    journal.put({ id: "a-1", model: "gpt-5", usage, cost });
    journal.put({ id: "a-2", path: "/v1/models", status: 503, error: "draining" });
    journal.put({ id: "a-3", model: "o3", usage: { state: "unknown" }, cost: unknownCost });
    const logs = (...args: string[]) =>
      runCommand(["logs", "--no-config", "--journal-file", file, ...args]);

    const [all, json, none] = await Promise.all([
      logs("-n", "2"),
      logs("--json", "--model", "gpt-*", "--since", "1h"),
      logs("--status", "4xx"),
    ]);

    const [titles, ...lines] = all.stdout.trimEnd().split("\n");
    expect(titles).toMatch(/^TIME +ID CALL .* USD$/);
    expect(lines).toEqual([
      expect.stringMatching(/ 2 POST \/v1\/models +503 +\.42s +\.41s$/),
      expect.stringMatching(/^ +draining$/),
      expect.stringMatching(/ 3 POST \/v1\/responses +o3 +200 +\.42s +\.41s +\? +\? +\?$/),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({ seq: 1, id: "a-1", usage, cost });
    expect(none).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "No such call is in the journal.\n",
    });
  });

  test("-f prints calls as they end, of a journal that comes later, and of the next one", async () => {
    using folder = createFolder();
    const file = folder.at("later/journal.db");
    await using logs = startCommand([
      "logs",
      "-f",
      "-v",
      "--no-config",
      "--journal-file",
      file,
      "--path",
      "/v1/r*",
    ]);
    await logs.until("stdout", /^TIME/);

    using first = createTestJournal(file);
    first.put({ id: "a-1", status: 0, ending: undefined, times: {} } as never);
    await logs.until("stdout", / 1 begins: POST \/v1\/responses/);
    first.put({ id: "a-2", path: "/v1/models" });
    first.put({ id: "a-1", model: "gpt-5" });
    await logs.until("stdout", / 1 POST \/v1\/responses +gpt-5 +200/);
    for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
    using second = createTestJournal(file);
    second.put({ id: "b-1", model: "o3" });
    await logs.until("stdout", / 1 POST \/v1\/responses +o3 +200/);

    expect(logs.stdout).not.toContain("models");
    expect(logs.stdout.match(/gpt-5/g)).toHaveLength(1);
  });

  test("without a journal it says so", async () => {
    const { code, stderr } = await runCommand(["logs", "--no-config"]);

    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^There is no journal in .*journal\.db\. "relay start" keeps one, from its first call on\.\n$/,
    );
  });
});

const unknownCost = { state: "unknown" as const, nano: 0 };

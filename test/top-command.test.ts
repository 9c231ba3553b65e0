import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Call } from "../src/journal/call.ts";
import { draw } from "../src/top/draw.ts";
import { createTally, type Snapshot } from "../src/top/snapshot.ts";
import { createTestJournal } from "./support/calls.ts";
import { relayWords, runCommand, startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

const now = Date.UTC(2026, 5, 4, 12, 0);

function call(seq: number, more: Partial<Call>): Call {
  return {
    ...{ seq, id: `a-${seq}`, kind: "http", method: "POST", path: "/v1/responses", model: "gpt-5" },
    relay: { number: 1, pid: 1, startedAt: 0, command: "start", url: "" },
    ...{ startedAt: now, isStream: true, status: 200, bytesIn: 0, bytesOut: 0, slices: 0 },
    ...{ times: {}, isCaptured: false },
    ...more,
  };
}

describe("a snapshot", () => {
  test("counts what ended within a minute and what today cost, never a false zero", () => {
    const tally = createTally();
    const cost = { state: "known" as const, nano: 2e9 };
    const usage = { state: "known" as const, output: 120 };
    const times = { firstSlice: 100, end: 1_000 };
    tally.take(call(1, { startedAt: now - 62_000, ending: "complete", times, cost, usage }));
    tally.take(call(2, { startedAt: now - 60_000, ending: "complete", times, cost, usage }));
    tally.take(call(3, { startedAt: now - 9_000, ending: "client_left", times, status: 429 }));
    tally.take(call(4, { startedAt: now - 13 * 3_600_000, ending: "complete", times, cost }));
    const known = tally.snapshot(now);
    const unknown = { state: "unknown" as const, nano: 0 };
    tally.take(call(5, { startedAt: now - 2_000, ending: "upstream_broke", cost: unknown }));

    expect(known.minute).toMatchObject({ calls: 2, errors: 1, firstSliceP50: 100 });
    expect(known.minute.outputTokensPerSecond).toEqual({ state: "known", value: 2 });
    expect(known.today).toEqual({ calls: 3, cost: { state: "known", nano: 4e9 } });
    expect(tally.snapshot(now).today.cost).toEqual({ state: "partial", nano: 4e9 });
    expect(tally.snapshot(now + 70_000).minute.calls).toBe(0);
  });

  test("marks streams that say nothing, and not those that have not begun", () => {
    const tally = createTally();
    const at = (lastSlice: number) => ({ head: 90, firstSlice: 100, lastSlice });
    tally.take(call(1, { startedAt: now - 20_000, times: at(14_900), bytesOut: 39_800 }));
    tally.take(call(2, { startedAt: now - 20_000, times: at(15_100) }));
    tally.take(call(3, { startedAt: now - 20_000, status: 0 }));

    const { running } = tally.snapshot(now);
    expect(running.map(({ isStalled }) => isStalled)).toEqual([true, false, false]);
    expect(running[0]).toMatchObject({ ageMs: 20_000, silentMs: 5_100, bytesPerSecond: 2_000 });
    expect(running[2]!.silentMs).toBeUndefined();
  });

  test.each([
    [80, 24],
    [120, 40],
  ])("fits into %d columns and %d rows, however many run", (columns, rows) => {
    const tally = createTally();
    for (let seq = 1; seq <= 60; seq++)
      tally.take(call(seq, { startedAt: now - 400_000 - seq, times: { firstSlice: 100 } }));
    const snapshot: Snapshot = tally.snapshot(now);

    const paint = (_colour: string, text: string) => text;
    const lines = draw(snapshot, { sort: "age", paint, size: { columns, rows } });

    expect(lines).toHaveLength(rows - 1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines.join("\n")).toContain(`and ${60 - (rows - 8)} more`);
    expect(lines[3]).toMatch(/^ 6m40 +60 .* ! silent 6m40$/);
  });
});

test("--json prints one snapshot; so does a pipe, for people", async () => {
  using folder = createFolder();
  const file = folder.at("journal.db");
  using journal = createTestJournal(file);
  journal.put({ id: "a-1" });
  journal.put({ id: "a-2", ending: undefined, model: "o3" } as never);
  const top = (...args: string[]) =>
    runCommand(["top", "--no-config", "--journal-file", file, ...args]);

  const [json, text] = await Promise.all([top("--json"), top()]);

  expect(JSON.parse(json.stdout)).toMatchObject({
    running: [{ call: { seq: 2 }, isStalled: false }],
    minute: { calls: 1, errors: 0, firstSliceP50: 413 },
  });
  expect(text.stdout).toMatch(/^relay top .* 1 running\n\n +AGE +ID .*\n.* 2 POST .* o3 /);
  expect(text.stdout).not.toContain("\x1b");
});

describe.runIf(existsSync("/usr/bin/script"))("on a terminal", () => {
  const enter = "\x1b[?1049h\x1b[?25l";
  const leave = "\x1b[?25h\x1b[?1049l";

  test.each([
    ["Ctrl+C", 0],
    ["SIGTERM", 143],
  ])("it takes the whole screen, and gives it back after %s", async (how, code) => {
    using folder = createFolder();
    const file = folder.at("journal.db");
    const words = [...relayWords, "top", "--no-config", "--journal-file", file];
    const line = `stty cols 80 rows 24; ${words.join(" ")} & p=$!; echo pid $p; fg >/dev/null; echo code $?; stty -a | grep -o -- '-*icanon'`;
    await using terminal = startProgram(
      "script",
      ["-qec", `bash -mc '${line.replaceAll("'", "'\\''")}'`, "/dev/null"],
      { env: { TERM: "xterm" } },
    );
    const [, pid] = await terminal.until("stdout", /pid (\d+)/);
    await terminal.until("stdout", /s sort \(by age\)/);
    using journal = createTestJournal(file);
    journal.put({ id: "a-1", ending: undefined } as never);
    await terminal.until("stdout", / 1 running/);

    if (how === "SIGTERM") process.kill(Number(pid), "SIGTERM");
    else terminal.child.stdin!.write("\x03");
    await terminal.until("stdout", /code \d+\r\n-?icanon/);

    const { stdout } = terminal;
    expect(stdout.indexOf(leave)).toBeGreaterThan(stdout.indexOf(enter));
    expect(stdout).toMatch(new RegExp(`code ${code}\r\nicanon`));
  });
});

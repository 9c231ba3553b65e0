import { beforeAll, describe, expect, test } from "vitest";
import { dayOf } from "../src/budget/accounts.ts";
import { openLedger } from "../src/budget/ledger.ts";
import { openJournal } from "../src/journal/database.ts";
import { createWriter, type Written } from "../src/journal/writer.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";

const folder = createFolder();
const file = folder.at("openai-relay/journal.db");
const env = { XDG_STATE_HOME: folder.path };
const start = Date.parse("2026-01-31T20:00:00Z");

/** What the known ones cost in all, in billionths. */
let known = 0n;

/** 10,000 calls around midnight, of which a third broke off or said nothing. */
beforeAll(() => {
  const db = openJournal(file);
  const relay = { pid: 1, startedAt: start, url: "http://127.0.0.1:1/v1" };
  const writers = ["start", "pytest -q"].map((command) => createWriter(db, { ...relay, command }));
  writers[0]!.begin();
  for (let i = 0; i < 10_000; i++) writers[i % 2]!.put(callOf(i));
  writers[0]!.commit();
  db.close();

  const ledger = openLedger(folder.at("openai-relay/budget.db"), { pid: process.pid, id: "r" });
  const day = { period: dayOf(new Date()), cap: 5e9 };
  const hold = ledger.reserve([{ name: "all", ...day }], 100);
  if ("cap" in hold) throw new Error("refused");
  ledger.settle(hold, 1_250_000_000);
  ledger.reserve([{ name: "all", ...day }], 250_000_000);
  // Left open: its process is alive.
});

function callOf(i: number): Written {
  const nano = (i * 7_919) % 1_000_003;
  const state = i % 3 === 0 ? "known" : i % 3 === 1 ? "partial" : "unknown";
  if (state === "known") known += BigInt(nano);
  return {
    id: `call-${i}`,
    kind: "http",
    startedAt: start + i * 2_000,
    method: "POST",
    path: "/v1/responses",
    model: i % 4 === 0 ? "gpt-5" : "gpt-5-mini",
    ...(i % 5 === 0 && { tag: "nightly" }),
    isStream: true,
    status: 200,
    ending: state === "known" ? "complete" : "client_left",
    bytesIn: 1,
    bytesOut: 1,
    slices: 1,
    times: {},
    usage: { state, ...(state !== "unknown" && { input: 2, output: 3 }) },
    cost: { state, nano: state === "unknown" ? 0 : nano },
    isCaptured: false,
  };
}

type Line = { calls: number; usd: string; partial: { calls: number }; unknown: number };
type Report = { rows: (Line & Record<string, unknown>)[]; total: Line; budgets: object[] };

async function report(...args: string[]): Promise<Report> {
  const { stdout, stderr } = await runCommand(["cost", "--json", ...args], { env });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Report;
}

describe("relay cost", () => {
  test("adds up what is known to the last billionth, and counts what is not beside it", {
    timeout: 20_000,
  }, async () => {
    const { rows, total, budgets } = await report();
    const whole = String(known).padStart(10, "0");

    expect(total).toMatchObject({ calls: 10_000, unknown: 3_333 });
    expect(total.partial.calls).toBe(3_333);
    expect(BigInt(total.usd.replace(/^(\d+)\.(\d+)$/, (_, a, b) => a + b.padEnd(9, "0")))).toBe(
      BigInt(whole),
    );
    expect(rows.map(({ day, calls }) => [day, calls])).toEqual([
      ["2026-01-31", 7_200],
      ["2026-02-01", 2_800],
    ]);
    expect(budgets).toMatchObject([
      { of: "all", cap: "5.00", spent: "1.25", reserved: "0.25", left: "3.50" },
    ]);
  });

  test("tells calls apart, and picks some", { timeout: 20_000 }, async () => {
    const byModel = await report("--by", "model");
    const byCommand = await report("--by", "command", "--tag", "nightly");
    const since = await report("--since", "2026-02-01T00:00:00Z");

    expect(byModel.rows.map(({ model, calls }) => [model, calls])).toEqual([
      ["gpt-5-mini", 7_500],
      ["gpt-5", 2_500],
    ]);
    expect(byCommand.total.calls).toBe(2_000);
    expect(byCommand.rows.map(({ command }) => command).sort()).toEqual(["pytest -q", "start"]);
    expect(since.total.calls).toBe(2_800);
  });

  test("says it to people", { timeout: 20_000 }, async () => {
    const { stdout } = await runCommand(["cost", "--by", "tag"], { env });
    const none = await runCommand(["cost"], { env: {} });

    expect(stdout).toMatch(
      /^TAG +CALLS +IN +CACHED +OUT +COST NOT KNOWN\n- +8000 .*\nnightly +2000/,
    );
    expect(stdout).toMatch(
      /\ntotal +10000 .* 3333 partly \(\$\d\.\d+ or more\), 3333 not at all\n/,
    );
    expect(stdout).toMatch(
      /\nBudgets:\n {2}"5\.00\/day": \$1\.25 spent, \$0\.25 reserved, \$3\.50 left\n$/,
    );
    expect(none.code).toBe(3);
    expect(none.stderr).toContain("There is no journal");
  });
});

test("relay run --max-cost bounds a command, says what it spent and ends as it did", {
  timeout: 30_000,
}, async () => {
  const ask = `const ask = () => fetch(process.env.OPENAI_BASE_URL + "/responses", {
    method: "POST", headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY },
    body: JSON.stringify({ model: "gpt-4o-mini", input: "hi", max_output_tokens: +process.argv[1] }) });
    const { status } = await ask(); process.exit(status === 200 ? 0 : 7);`;
  const run = (tokens: string) => {
    const command = [process.execPath, "--input-type=module", "-e", ask, tokens];
    return runCommand(["run", "--mock", "--max-cost", "0.01", "--", ...command], { env });
  };
  const [good, dear] = await Promise.all([run("100"), run("1000000")]);
  const wrong = await runCommand(["run", "--max-cost", "-1", "--", "true"]);

  expect(good).toMatchObject({ code: 0, signal: null });
  expect(good.stderr).toMatch(/relay: \$0\.00\d+ of \$0\.01 spent\n/);
  expect(dear.code).toBe(7);
  expect(dear.stderr).toMatch(/1 error \(403 budget_exceeded\)/);
  expect(dear.stderr).toContain("relay: $0.00 of $0.01 spent\n");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("an amount in US dollars such as 2.00");
});

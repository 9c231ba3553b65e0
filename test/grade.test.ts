import OpenAI from "openai";
import { afterEach, expect, test, vi } from "vitest";
import { createGrader, type Grader } from "../src/grade/grader.ts";
import { gradeSchema } from "../src/grade/report.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";

vi.setConfig({ testTimeout: 30_000 });

let relay: TestRelay | undefined;
afterEach(async () => {
  await relay?.[Symbol.asyncDispose]();
});

type Trying = (url: string) => Promise<unknown>;

/** Lets a client meet faults, and grades it: `waits passed`. `exitCode`: what its command ends with. */
async function grade(fault: string[], client: Trying, exitCode = 0) {
  const grader: Grader = createGrader(1);
  relay = await startRelay({ mock: true, fault }, { observers: [grader.observer] });
  await client(`${relay.url}/v1`).catch(() => {});
  const at = performance.now();
  await relay[Symbol.asyncDispose]();
  const report = grader.report({ code: exitCode, at });
  const grades = report.grades.map(({ rule, verdict }) => `${rule} ${verdict}`);
  return { ...report, grades, all: report.grades };
}

const messages = [{ role: "user" as const, content: "Grüße" }];

const sdk: Trying = async (baseURL) => {
  const openai = new OpenAI({ baseURL, apiKey: "none" });
  const request = { model: "gpt-5", messages, stream: true as const };
  for await (const _chunk of await openai.chat.completions.create(request));
};

const post = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "gpt-5", messages, stream: true }),
  }).then((answer) => answer.text());

/** A client with every bad habit: asks five times, whatever comes, at once, each time with another key. */
const hammer: Trying = async (url) => {
  for (let i = 0; i < 5; i++) await post(url, { "idempotency-key": `key-${i}` }).catch(() => {});
};

/** One that takes what it gets for the answer. */
const naive: Trying = (url) => post(url);

test.each([
  [
    "the SDK",
    "rate-limit(300ms, form=ms);nth=1",
    sdk,
    0,
    ["waits passed", "repeats passed", "paces passed"],
  ],
  ["the SDK", "503;nth=1", sdk, 0, ["repeats passed", "paces passed"]],
  ["the SDK", "refuse;nth=1", sdk, 0, ["repeats passed", "paces passed"]],
  ["the SDK", "500(should-retry=false)", sdk, 1, ["refrains passed"]],
  ["the SDK", "400", sdk, 1, ["refrains passed"]],
  ["the SDK", "cut(2)", sdk, 1, ["notices passed", "asks-once passed"]],
  ["the SDK", "no-done", sdk, 0, ["notices failed", "asks-once passed"]],
  ["the SDK", "crlf", sdk, 0, ["tolerates passed"]],
  [
    "a hammer",
    "rate-limit(5s)",
    hammer,
    0,
    ["waits failed", "repeats passed", "paces passed", "keeps-key failed"],
  ],
  ["a hammer", "503", hammer, 0, ["repeats passed", "paces failed", "keeps-key failed"]],
  ["a hammer", "quota", hammer, 0, ["refrains failed", "keeps-key failed"]],
  [
    "a hammer",
    "cut(2, how=clean)",
    hammer,
    0,
    ["notices failed", "asks-once failed", "keeps-key failed"],
  ],
  ["a naive one", "502", naive, 0, ["repeats failed"]],
  ["a naive one", "cut(2, how=clean)", naive, 0, ["notices failed", "asks-once passed"]],
  ["a naive one", "cut(0, how=clean)", naive, 0, ["notices failed"]],
  ["a naive one", "cut(2)", naive, 1, ["notices passed", "asks-once passed"]],
  ["a naive one", "drip(64)", naive, 1, ["tolerates failed"]],
])("%s after %s", async (_who, fault, client, exitCode, expected) => {
  const { grades, all } = await grade([fault], client, exitCode);

  expect(grades, JSON.stringify(all)).toEqual(expected);
});

test("a cut behind the last event breaks nothing that anybody could notice; one in it does", async () => {
  relay = await startRelay({ mock: true });
  const whole = await post(`${relay.url}/v1`);
  await relay[Symbol.asyncDispose]();
  const events = whole.split("\n\n").length - 1;
  const bytes = Buffer.byteLength(whole) - 1;

  const behind = await grade([`cut(${events}, how=clean)`], naive);
  const within = await grade([`cut(${bytes}b, how=clean)`], naive);

  expect([behind.faults, within.faults]).toEqual([{ cut: 1 }, { cut: 1 }]);
  expect(behind.grades).toEqual(["tolerates passed"]);
  expect(within.grades).toEqual(["notices failed", "asks-once passed"]);
});

test("whoever sends an idempotency-key may repeat what had begun, and polls are no retries", async () => {
  const key = { "idempotency-key": "one" };
  const careful: Trying = async (url) => {
    await post(url, key).catch(() => {});
    await post(url, key);
    for (let i = 0; i < 3; i++) await fetch(`${url}/models/none`).then((answer) => answer.text());
  };

  const { grades, calls, attempts } = await grade(["cut(2);nth=1"], careful);

  expect(grades).toEqual(["notices passed", "asks-once passed", "keeps-key passed"]);
  expect([calls, attempts]).toEqual([2, 5]);
});

test("a client that gives up a stalled answer has noticed; one that is killed may have", async () => {
  const impatient: Trying = (url) =>
    fetch(`${url}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-5", input: "Hello", stream: true }),
      signal: AbortSignal.timeout(150),
    })
      .then((answer) => answer.text())
      .catch(() => new Promise((resolve) => setTimeout(resolve, 150)));

  const { all } = await grade(["stall"], impatient);

  expect(all.map(({ rule, verdict, why }) => [rule, verdict, why[0]])).toEqual([
    ["notices", "passed", expect.stringMatching(/^stall: left after 1\d\d ms$/)],
    ["asks-once", "passed", "did not ask again"],
  ]);
});

test("attempts are at one call though their JSON has its names in another order", async () => {
  const restless: Trying = async (url) => {
    for (const body of ['{"model":"gpt-5","input":"Hi"}', '{"input":"Hi", "model":"gpt-5"}']) {
      const headers = { "content-type": "application/json" };
      await fetch(`${url}/responses`, { method: "POST", headers, body });
    }
  };

  const { calls, attempts } = await grade(["503;nth=1"], restless);

  expect([calls, attempts]).toEqual([1, 2]);
});

test("calls that are alike at the same time are told apart by how the SDK counts its retries", async () => {
  const both: Trying = (url) => Promise.all([sdk(url), sdk(url)]);

  const { calls, attempts, grades } = await grade(["503;nth=1-2"], both);

  expect([calls, attempts]).toEqual([2, 4]);
  expect(grades).toEqual(["repeats passed", "paces passed"]);
});

test("relay run ends with the grades, and fails by them only when asked to", async () => {
  using folder = createFolder();
  const script = folder.write(
    "client.mjs",
    `const ask = (path) => fetch(process.env.OPENAI_BASE_URL + path, {
       headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY },
     });
     await (await ask("/models")).text();
     console.log((await ask("/models/gpt-5")).headers.get("x-relay-fault"));`,
  );
  const fault = ["--fault", "503@/v1/models/*", "--fault", "drip(8)", "--fault-seed", "42"];
  const args = (...more: string[]) => [
    "run",
    "--mock",
    ...fault,
    ...more,
    "--",
    process.execPath,
    script,
  ];

  const missing = ["--replay", folder.path, "--fault", "drip@/v1/none", "--json", "--quiet"];
  const [told, strict, json, missed, none] = await Promise.all([
    runCommand(args()),
    runCommand(args("--strict-grades", "--quiet")),
    runCommand(args("--json", "--quiet")),
    runCommand(["run", ...missing, "--", process.execPath, script]),
    runCommand(["run", "--mock", "--json", "--", "true"]),
  ]);

  expect(told).toMatchObject({ code: 0, stdout: "503\n" });
  expect(told.stderr).toMatch(
    /^relay: Calls break on purpose, by seed 42: 503@\/v1\/models\/\*, drip\(8\)\.\nrelay: 2 calls, 1 error \(503\), .*\n.*\nrelay: faults: 1 × 503, 1 × drip; seed 42\nrelay: repeats +failed +gave up after one 503\nrelay: tolerates +passed +drip\n$/,
  );
  expect(strict).toMatchObject({ code: 9, stderr: "" });
  expect(json.code).toBe(0);
  // What the relay makes of its exit code is not the command's doing.
  expect(missed.code).toBe(10);
  expect(JSON.parse(missed.stderr)).toMatchObject({ exitCode: 0 });
  const report = JSON.parse(json.stderr);
  expect(report).toMatchObject({ version: 1, ok: false, seed: 42, faults: { drip: 1, "503": 1 } });
  const { properties } = (await gradeSchema()) as { properties: object };
  expect(Object.keys(properties)).toEqual(Object.keys(report));
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("say a --fault too") });
});

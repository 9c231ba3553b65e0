import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import type { Report } from "../src/check/report.ts";
import { find } from "./support/check.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startTerminal } from "./support/shell.ts";

// Each test sends hundreds of exchanges, and CI machines are slow.
vi.setConfig({ testTimeout: 60_000 });

const command = ["check", "--conformance", "--no-config", "--json"];
const all = /^398 operations, [89]\d\d exchanges sent straight and through the relay: no bend$/;

async function conformance(args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr, code } = await runCommand([...command, ...args], { env });
  const report: Report = JSON.parse(stdout);
  expect(report.exitCode).toBe(code);
  return { code, stderr, report, step: find(report, "conformance") };
}

/** Starts the command with a source file of the relay changed. */
function bending(file: string, from: string, to: string) {
  const hooks = `
    import { registerHooks } from "node:module";
    registerHooks({
      load(url, context, next) {
        const loaded = next(url, context);
        if (!url.endsWith(${JSON.stringify(`/src/${file}`)})) return loaded;
        const source = String(loaded.source).replace(${JSON.stringify(from)}, ${JSON.stringify(to)});
        return { ...loaded, source };
      },
    });`;
  expect(readFileSync(`src/${file}`, "utf8")).toContain(from);
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hooks)}` };
}

describe("a relay as it is", () => {
  test("bends nothing, and needs neither key nor network to show it", async () => {
    const { code, report, step, stderr } = await conformance();

    expect(step).toMatchObject({ status: "passed", detail: expect.stringMatching(all), notes: [] });
    expect(report.checks.map(({ name }) => name)).toEqual(["config", "conformance"]);
    expect(step!.ms).toBeLessThan(40_000);
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("does what the settings say, and that is reported as theirs", async () => {
    using folder = createFolder();
    const tape = folder.at("tape");
    const { code, step } = await conformance(
      [
        ...["--upstream", "https://models.example/openai", "--auth-header", "api-key"],
        ...["--organization", "org-1", "--project", "p-1", "--beta", "assistants=v2"],
        ...["--no-default-content-type", "--head-via-get", "--anti-buffering"],
        ...["--record", tape],
      ],
      {
        RELAY_REWRITE: '[{"path":"/v1/files*","to":{"path":"/v1/uploads*"}}]',
        RELAY_TOKENS: "a-token-of-sixteen",
      },
    );

    const settings = "upstream authHeader organization project beta defaultContentType".split(" ");
    const all = [...settings, "headViaGet", "antiBuffering", "rewrite"];
    const named = step!.notes!.map((note) => /^by your settings: (\w+), in \d+ ex/.exec(note)?.[1]);
    expect(named.sort()).toEqual(all.sort());
    expect([code, step!.status]).toEqual([0, "passed"]);
    expect(existsSync(tape)).toBe(false);
  });

  test("turns away what the settings forbid, which is counted apart", async () => {
    const { code, step } = await conformance([
      ...["--auth", "passthrough", "--no-websocket", "--policy-models", "gpt-5*"],
      ...["--policy-deny", "DELETE /v1/*"],
    ]);

    expect(step!.notes).toEqual([
      expect.stringMatching(/^by your settings: auth, in \d{3} exchanges$/),
      expect.stringMatching(/^refused by your settings: policy\.deny, \d+ exchanges \(DELETE /),
      expect.stringMatching(/^refused by your settings: policy\.models, \d+ exchanges \(.*; …\)$/),
      expect.stringMatching(/^refused by your settings: websocket, \d+ exchanges \(\/\w+/),
    ]);
    expect([code, step!.status]).toEqual([0, "passed"]);
  });
});

describe("a relay that is bent", () => {
  test("is caught, with the operation and what differs, in the report for CI servers too", async () => {
    using folder = createFolder();
    const env = bending("forward/answer-headers.ts", '"alt-svc",', '"alt-svc", "x-request-id",');

    const { code, step } = await conformance(["--junit", folder.at("report.xml")], env);

    expect(code).toBe(1);
    expect(step).toMatchObject({
      status: "failed",
      detail: expect.stringMatching(/^20 bends in 398 operations/),
      hint: expect.stringMatching(/report it as a bug/),
    });
    const [name, ...rest] = step!.notes!;
    expect(name).toMatch(/^bent: (GET|POST|DELETE) \/\w+/);
    expect(rest.slice(0, 2)).toEqual(["answer headers", "  - x-request-id: req_1"]);
    expect(step!.notes!.at(-1)).toBe("and 15 more");
    const xml = readFileSync(folder.at("report.xml"), "utf8");
    expect(xml).toMatch(/name="conformance" [^>]+><failure message="20 bends/);
  });

  test("is caught in its WebSockets alone", async () => {
    const env = bending("forward/upgrade.ts", "offer.headers, key)", "exchange.headers, key)");

    const { code, step } = await conformance([], env);

    const bent = step!.notes!.filter((note) => note.startsWith("bent: "));
    expect(bent.length).toBeGreaterThan(0);
    for (const name of bent) expect(name).toMatch(/^bent: \/[\w/{}]+, .* key, ended by/);
    expect(code).toBe(1);
  });

  test("is caught where a setting does something else than it says", async () => {
    const file = "forward/request-headers.ts";
    const env = bending(file, 'push("OpenAI-Project"', 'unshift("OpenAI-Project"');

    const bent = await conformance(["--project", "p-1"], env);

    expect(bent.step!.notes!.slice(1, 2)).toEqual(["request headers"]);
    expect(bent.code).toBe(1);
  });

  test("is caught where it sends what it refuses", async () => {
    const call = "if (refusal) reply.fail(refusal);\n      else answer(exchange, reply);";
    const env = bending(
      "relay.ts",
      call,
      "answer(exchange, reply); if (refusal) reply.fail(refusal);",
    );

    const { code, step } = await conformance(["--policy-deny", "POST /v1/*"], env);

    expect(step!.status).toBe("failed");
    expect(code).toBe(1);
  });
});

describe("around it", () => {
  test("the mock forwards nothing to compare", async () => {
    const { code, step } = await conformance(["--mock"]);

    expect([code, step!.status, step!.detail]).toEqual([0, "skipped", "the mock forwards nothing"]);
  });

  test("settings that do not load are the settings' failure", async () => {
    const { code, step } = await conformance([], { RELAY_BETA: "\u00e9" });

    expect([code, step!.status]).toEqual([3, "skipped"]);
  });

  test("a relay that runs elsewhere cannot be tried", async () => {
    const { code, stderr } = await runCommand([...command, "--relay", "http://127.0.0.1:1"]);

    expect([code, stderr]).toEqual([2, expect.stringContaining("leave --relay out")]);
  });

  test("a terminal sees how far it is, and lines that fit", async () => {
    const line = "relay check --conformance --no-config";

    await using run = startTerminal(line, { TERM: "xterm", COLUMNS: "80" });

    await run.until("stdout", /conformance \d+ of \d{3} exchanges, 0 bends/);
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    const [kept] = stdout.split("\n").filter((one) => one.includes("398 operations"));
    const shown = kept!.slice(kept!.lastIndexOf("\x1b[K") + 3);
    expect(shown.trimEnd().length).toBeLessThanOrEqual(90);
    expect(shown).toMatch(/\d+ ms/);
  });
});

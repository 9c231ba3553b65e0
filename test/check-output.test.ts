import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { annotations, writeSummary } from "../src/check/github.ts";
import { toJUnit } from "../src/check/junit.ts";
import type { Check, Report } from "../src/check/report.ts";
import { key } from "./support/check.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startTerminal } from "./support/shell.ts";
import { startRawUpstream } from "./support/upstream.ts";

// Each test starts the program once or more, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const nowhere = ["check", "--no-config", "--port", "0", "--upstream", "http://127.0.0.1:1"];
const mocked = ["check", "--no-config", "--port", "0", "--mock"];

describe("the checklist", () => {
  test("has a line a step, the next thing to do, and a sum", async () => {
    const { code, stdout } = await runCommand(nowhere, { env: { OPENAI_API_KEY: key } });

    expect(code).toBe(7);
    const lines = stdout.replace(/ +\d+ ms$/gm, "").split("\n");
    expect(lines.slice(0, 12)).toEqual([
      "  ✓ config    no file: flags, environment and defaults",
      "                port = 0 (flag --port)",
      '                upstream = "http://127.0.0.1:1" (flag --upstream)',
      "  ✓ key       OPENAI_API_KEY (environment), sk-proj-…3fA9 (project key)",
      "  – admin key none (only admin operations need one)",
      "  ✓ proxy     none",
      "  – dns       127.0.0.1 is an address",
      "  ✗ tcp       127.0.0.1:1 refuses connections (ECONNREFUSED)",
      "              Next: Nothing listens there: check the port, or start the server.",
      "  – tls       skipped: needs tcp",
      "  – http      skipped: needs tcp",
      "  – clock     skipped: needs tcp",
    ]);
    expect(stdout).toMatch(/\n\n\d passed, .*1 failed, \d+ skipped – \d\.\d s\n$/);
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test("breaks long lines between words, below their beginning", async () => {
    const upstream = `https://${"long-name.".repeat(8)}invalid`;

    const { stdout } = await runCommand(["check", "--no-config", "--upstream", upstream], {
      env: { OPENAI_API_KEY: key },
    });

    const [, ...after] = stdout.slice(stdout.indexOf("✗ dns")).split("\n");
    expect(after[0]).toMatch(/^ {14}is not known to the DNS|^ {14}could not be looked up/);
  });

  test("keeps to ASCII where the terminal cannot do more, and to colour where it should", async () => {
    const plain = await runCommand(mocked, { env: { LANG: "C" } });
    const colour = await runCommand(mocked, { env: { NO_COLOR: "", FORCE_COLOR: "1" } });
    const both = await runCommand(mocked, { env: { FORCE_COLOR: "1" } });

    expect(plain.stdout).toMatch(/^[\x20-\x7e\n]*$/);
    expect(plain.stdout).toContain("  + http      GET /v1/models -> 200");
    expect(colour.stdout).toContain("\x1b[32m✓\x1b[39m");
    expect(both.stdout).not.toContain("\x1b");
  });

  test("shows on a terminal what it waits for, and writes over it", async () => {
    await using hole = await startRawUpstream(() => {});
    const waiting = JSON.stringify([process.execPath, "-e", "setTimeout(() => {}, 1e6)"]);
    const args = `--no-config --port 0 --upstream ${hole.url} --timeout 1500ms`;

    await using slow = startTerminal(`relay check ${args}`, {
      ...{ RELAY_KEY_COMMAND: waiting, TERM: "xterm", COLUMNS: "80" },
    });

    await slow.until("stdout", /\r.{3,15}…\S* key +waits for the command/);
    const { stdout, code } = await slow.ended;
    expect(stdout).toMatch(/waits for the command \S+ \(1 s\)/);
    expect(stdout).toMatch(/✗\S* key +no key came from the command/);
    expect(code).toBe(4);
  });
});

describe("for programs", () => {
  test("--json-schema describes what --json prints", async () => {
    const [schema, printed] = await Promise.all([
      runCommand(["check", "--json-schema"]),
      runCommand([...mocked, "--json"]),
    ]);

    const { properties, required, title } = JSON.parse(schema.stdout);
    const report = JSON.parse(printed.stdout);
    expect(title).toBe("Report of relay check");
    expect(required.sort()).toEqual(Object.keys(report).sort());
    const known = Object.keys(properties.checks.items.properties);
    for (const check of report.checks)
      expect(known).toEqual(expect.arrayContaining(Object.keys(check)));
    expect(schema.code).toBe(0);
  });

  test("GitHub Actions gets annotations on stderr and a table in the job's summary", async () => {
    using folder = createFolder({ summary: "before\n" });
    const github = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: folder.at("summary") };
    const env = { OPENAI_API_KEY: key, ...github };

    const { stdout, stderr } = await runCommand([...nowhere, "--json"], { env });
    const none = await runCommand([...nowhere, "--json", "--ci", "none"], { env });

    expect(JSON.parse(stdout).exitCode).toBe(7);
    expect(stderr).toBe(
      "::error title=relay check%3A tcp::127.0.0.1:1 refuses connections (ECONNREFUSED)%0A" +
        "Next: Nothing listens there: check the port, or start the server.\n",
    );
    const summary = readFileSync(folder.at("summary"), "utf8");
    expect(summary).toMatch(/^before\n### relay check: failed \(exit code 7\)\n\n\| \|/);
    expect(summary.match(/relay check:/g)).toHaveLength(1);
    expect(none.stderr).toBe("");
  });

  test("--junit writes what CI servers read, and says when it cannot", async () => {
    using folder = createFolder();
    const env = { OPENAI_API_KEY: key };

    const { code } = await runCommand([...nowhere, "--junit", folder.at("report.xml")], { env });
    const bad = await runCommand([...mocked, "--junit", folder.at("none/report.xml")]);

    expect(code).toBe(7);
    const xml = readFileSync(folder.at("report.xml"), "utf8");
    expect(xml).toMatch(/<testsuite name="relay check" hostname="[^"]+" tests="18" failures="1"/);
    expect(xml).toMatch(
      /<testcase classname="relay\.check" name="tcp" [^>]+><failure message="127/,
    );
    expect(xml).toMatch(/name="tls" [^>]+><skipped message="skipped: needs tcp"\/>/);
    expect(bad).toMatchObject({ code: 1, stderr: /--junit .*cannot be written \(ENOENT\)/ });
  });

  const odd = "a <b> & \"c\" 'd' %0A\u0000\u001b[31m | `e` \ud800\n::error::";
  const failed: Check = { name: "a,b:c", status: "failed", ms: 1234, detail: odd, hint: odd };
  const report: Report = { version: 1, ok: false, upstream: odd, exitCode: 7, checks: [failed] };

  test("nothing that a message says is taken for XML, Markdown or a command", () => {
    using folder = createFolder({ summary: "" });

    writeSummary(folder.at("summary"), report);
    const command = annotations(report);
    const xml = toJUnit(report);

    expect(command.split("\n")).toHaveLength(2);
    expect(command).toMatch(
      /^::error title=relay check%3A a%2Cb%3Ac::a <b> & .*%250A.*%0A::error::%0ANext/,
    );
    const text = xml.replace(/<\/?[a-z]+(?: [a-z]+="[^"<>]*")*\/?>|<\?xml [^>]*\?>/g, "");
    expect(text).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|apos|#10);)/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(xml).not.toMatch(/[\x00-\x08\x1b\ud800-\udfff]/);
    expect(xml).toContain('time="1.234"');
    const row = readFileSync(folder.at("summary"), "utf8").trim().split("\n").at(-1)!;
    expect(row).toMatch(
      /^\| ❌ \| .* \| a &lt;b> &amp; .*\\\| \\`e\\` .*::error::.* \| 1234 ms \|$/,
    );
  });
});

test("help lists what has a say in the way to OpenAI, its own options first", async () => {
  const { stdout } = await runCommand(["check", "--help"]);

  const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
  expect(flags.slice(0, 4)).toEqual(["--model", "--deep", "--relay", "--timeout"]);
  expect(flags).toEqual(expect.arrayContaining(["--upstream", "--key-file", "--port"]));
  expect(flags).not.toContain("--limits-body");
  expect(stdout).toMatch(/Exit codes: 0 fine/);
});

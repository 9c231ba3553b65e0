import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { presetFor } from "../src/run/presets.ts";
import { toCommandLine } from "../src/run/windows.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";

// Several processes a test: time for a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const root = join(import.meta.dirname, "..");

test("the OpenAI SDK works under it without a line of set-up, streams included", async () => {
  const script = `
    import OpenAI from "openai";
    const openai = new OpenAI({ maxRetries: 0 });
    const answer = await openai.responses.create({ model: "gpt-5", input: "one" });
    console.log(answer.output_text);
    const stream = await openai.responses.create({ model: "gpt-5", input: "two", stream: true });
    for await (const event of stream)
      if (event.type === "response.output_text.delta") process.stdout.write(event.delta);`;
  const node = [process.execPath, "--input-type=module", "-e", script];

  const ended = await runCommand(["run", "--mock", "--", ...node], { cwd: root });

  expect(ended.stdout).toContain('You said: "one"');
  expect(ended.stdout).toContain('You said: "two"');
  expect(ended.stderr).toMatch(/^relay: 2 calls, \d+ B up, [\d.]+ kB down\n/);
  expect(ended.code).toBe(0);
});

test("a shell script works under it", async () => {
  using folder = createFolder();
  const script = folder.write(
    "ask",
    `#!/bin/sh
set -e
curl -fsS "$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -H "Content-Type: application/json" -d '{"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]}'
curl -fsS -o /dev/null "$OPENAI_BASE_URL/no-such-thing" -H "Authorization: Bearer $OPENAI_API_KEY"
`,
    0o700,
  );

  const { code, stdout, stderr } = await runCommand(["run", "--mock", script]);

  expect(stdout).toContain('You said: \\"Hi\\"');
  expect(stderr).toMatch(/relay: 2 calls, 1 error \(404\)/);
  expect(code).toBe(22);
});

const codex = process.env.CODEX_BIN;

test.skipIf(!codex && !process.env.CI)(
  "Codex works under it with no login and no file of its own, and shows the relay's token",
  { timeout: 60_000 },
  async () => {
    await using mock = await startRelay({ mock: "true" });
    using folder = createFolder({ home: {} });
    const args = [
      "run",
      "--upstream",
      mock.url,
      "--",
      codex!,
      "exec",
      "--skip-git-repo-check",
      "Say hello",
    ];
    const env = { OPENAI_API_KEY: "sk-canary-5c1f", HOME: folder.path, CODEX_HOME: folder.path };

    const { code, stdout, stderr } = await runCommand(args, { env, cwd: folder.path });

    expect(stdout).toContain('You said: "Say hello"');
    expect(code).toBe(0);
    expect(stderr).not.toContain("Reconnecting");
    expect(stderr).not.toContain("invalid_relay_token");
    expect(folder.has("config.toml")).toBe(false);
    expect(mock.outcomes.map(({ status }) => status)).toEqual([101]);
  },
);

test.each([
  ["codex", ["-c", 'openai_base_url="http://r/v1"']],
  ["/usr/bin/codex", ["-c", 'openai_base_url="http://r/v1"']],
  ["C:\\npm\\codex.cmd", ["-c", 'openai_base_url="http://r/v1"']],
  ["codex2", []],
  ["toString", []],
])("%s is given what it needs to find the relay", (program, args) => {
  expect(presetFor(program, { baseUrl: "http://r/v1", token: undefined })).toEqual(args);
});

test.each([
  ["C:\\a b\\c.cmd", ["x"], 'C:\\a^ b\\c.cmd ^^^"x^^^"'],
  ["c.cmd", ['say "hi"'], 'c.cmd ^^^"say^^^ \\^^^"hi\\^^^"^^^"'],
  ["c.cmd", ["%PATH%", "a&b"], 'c.cmd ^^^"^^^%PATH^^^%^^^" ^^^"a^^^&b^^^"'],
  ["c.cmd", ["end\\"], 'c.cmd ^^^"end\\\\^^^"'],
  ["c.cmd", [""], 'c.cmd ^^^"^^^"'],
])("cmd.exe reads %s %j as what it was", (file, args, line) => {
  expect(toCommandLine(file, args)).toBe(line);
});

import { expect, test } from "vitest";
import { startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import type { TestRelay } from "./support/relay.ts";
import { createTapeFolder } from "./support/tape.ts";

// .ci/run brings Codex along.
const codex = process.env.CODEX_BIN;

test.skipIf(!codex)("Codex says from a tape what it said live", { timeout: 60_000 }, async () => {
  using tape = createTapeFolder();
  // It tells the model where it is.
  using home = createFolder();
  const sayHello = async (relay: TestRelay) => {
    const base = `openai_base_url="${relay.url}/v1"`;
    const args = ["exec", "--skip-git-repo-check", "-c", base, "Say hello"];
    await using program = startProgram(codex!, args, { cwd: home.path, env: { HOME: home.path } });
    // It reads what it is given before it begins.
    program.child.stdin!.end();
    return await program.ended;
  };

  const live = await tape.record("http://127.0.0.1:9", sayHello, { mock: "true" });
  const again = await tape.replay(sayHello);

  expect(live.stdout, live.stderr).toContain('You said: "Say hello"');
  expect(again.stdout, again.stderr).toBe(live.stdout);
  expect(again.stderr).not.toContain("Reconnecting");
});

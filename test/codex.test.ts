import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startRelay } from "./support/relay.ts";

// CI brings Codex along (CODEX_BIN); it weighs 400 MB, so a plain `npm test` does without.
const codex = process.env.CODEX_BIN;

test.skipIf(!codex && !process.env.CI)(
  "Codex works through the relay with its openai_base_url and no key of its own",
  { timeout: 60_000 },
  async () => {
    await using mock = await startRelay({ mock: "true" });
    await using relay = await startRelay({ upstream: mock.url });
    const home = mkdtempSync(join(tmpdir(), "relay-codex-"));
    const setting = `openai_base_url="${relay.url}/v1"`;
    const args = ["exec", "--skip-git-repo-check", "-c", setting, "Say hello"];
    const env = { PATH: process.env.PATH, HOME: home, CODEX_HOME: home };
    const child = spawn(codex!, args, { cwd: home, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });

    const [code] = await once(child, "close");
    rmSync(home, { recursive: true, force: true });

    expect(stdout).toContain('You said: "Say hello"');
    expect(code).toBe(0);
    // 426 makes it fall back at once; anything else costs it seconds of retries.
    expect(stderr).not.toContain("Reconnecting");
    expect(
      relay.outcomes.map(({ status }) => status).filter((status) => status === 426),
    ).toHaveLength(1);
  },
);

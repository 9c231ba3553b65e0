import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { type Running, startProgram } from "./support/command.ts";

// Each test starts the program, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

/** The command line with one of its outputs on a disk that is full. */
function startFull(output: "1" | "2", args: string[]): Running {
  const script = `exec "$0" "$@" ${output}>/dev/full`;
  return startProgram("sh", ["-c", script, process.execPath, cli, ...args]);
}

describe.runIf(existsSync("/dev/full"))("a full disk", () => {
  test.each([
    ["the banner", []],
    ["JSON lines", ["--quiet", "--log-level", "info", "--log-format", "json"]],
    ["pretty lines", ["--quiet", "--log-level", "info", "--log-format", "pretty"]],
  ])("under stderr costs %s, neither an answer nor an orderly end", async (_what, args) => {
    await using relay = startFull("2", ["start", "--mock", "--port", "0", ...args]);
    const [, url] = await relay.until("stdout", /^(.*)\n/);

    // Longer than lines wait to be written: the first ones have failed when the last is asked for.
    const until = performance.now() + 300;
    while (performance.now() < until) expect((await fetch(`${url}/models`)).status).toBe(200);
    expect((await fetch(`${url}/models`)).status).toBe(200);
    relay.child.kill("SIGTERM");

    expect(await relay.ended).toMatchObject({ code: 0, signal: null });
  });

  test.each([
    [1, "Cannot write to standard output (ENOSPC).\n", ["check", "--mock"]],
    [1, "Cannot write to standard output (ENOSPC).\n", ["--version"]],
    [
      23,
      "relay curl: (23) Cannot write to standard output (ENOSPC)\n",
      ["curl", "--mock", "models"],
    ],
    [23, "", ["curl", "--mock", "-s", "-o", "/dev/null", "-w", "%{http_code}", "models"]],
  ])("under stdout: exit %i and %j from %j", async (code, stderr, args) => {
    const { ended } = startFull("1", args);

    expect(await ended).toMatchObject({ code, stderr });
  });
});

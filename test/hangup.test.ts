import { existsSync, readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { createFolder } from "./support/folder.ts";
import { has, startTerminal } from "./support/shell.ts";

const patience = { timeout: 10_000 };

/** Starts a relay on a terminal, its stdout in a file, where it tells its port and its process. */
async function startOnTerminal(command: string, more: string) {
  const folder = createFolder();
  const out = folder.at("out");
  const flags = "--no-config --mock --port 0 --json";
  const terminal = startTerminal(`${command} start ${flags} > ${out} ${more}`);
  const said = () => (existsSync(out) ? readFileSync(out, "utf8") : "");
  await expect.poll(said, patience).toMatch(/^\{.*\}$/m);
  const { port, pid } = JSON.parse(/^\{.*\}$/m.exec(said())![0]) as { port: number; pid: number };
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
    folder[Symbol.dispose]();
  });
  return { terminal, port, pid };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(!has("script"))("when its terminal hangs up", { timeout: 30_000 }, () => {
  test("a relay ends with it", async () => {
    const { terminal, pid } = await startOnTerminal("relay", "");

    await terminal[Symbol.asyncDispose]();

    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });

  test("a relay that was started with nohup serves on", async () => {
    const { terminal, port } = await startOnTerminal("nohup relay", "2>&1");

    await terminal[Symbol.asyncDispose]();

    const health = async () => (await fetch(`http://127.0.0.1:${port}/_relay/health`)).json();
    await expect.poll(health, patience).toMatchObject({ reloads: { done: 1 } });
  });
});

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { version } from "../src/version.ts";
import { startProgram } from "./support/command.ts";
import { rawConnection } from "./support/raw.ts";

const folder = mkdtempSync(join(tmpdir(), "relay-launcher-"));
afterAll(() => rmSync(folder, { recursive: true }));

const launcherFiles = ["openai-relay.cjs", "node-version.cjs"];

// Loaded before the launcher, it makes any Node look like Node 20.
const oldNode = join(folder, "old-node.cjs");
writeFileSync(
  oldNode,
  `Object.defineProperty(process, "versions", { value: { node: "20.20.2" } });
   Object.defineProperty(process, "version", { value: "v20.20.2" });`,
);

test.each(launcherFiles)("%s can be read by a Node of ten years ago", async (file) => {
  const source = await readFile(join("bin", file), "utf8");

  const lowered = await transform(source, { target: "es2015" });

  expect(lowered.code).toBe((await transform(source)).code);
});

test("on too old a Node: one sentence and what to do, exit 1", async () => {
  const installed = copyOf("installed", launcherFiles);

  await using relay = startOld(installed, "start", "--port", "0");

  expect(await relay.ended).toMatchObject({
    code: 1,
    stdout: "",
    stderr:
      `openai-relay needs Node.js 22.19 or newer; this is v20.20.2 (${process.execPath}).\n` +
      "  Install Node 24 LTS, or borrow it:  npx -y -p node@24 -p openai-relay relay start --port 0\n",
  });
});

test("in a checkout without a Node of its own, the advice is npm ci", async () => {
  const checkout = copyOf("bare", [...launcherFiles, "build.ts"]);

  await using relay = startOld(checkout, "start");

  const { code, stderr } = await relay.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('Run "npm ci"');
});

test("a checkout that was not built says so", async () => {
  const checkout = copyOf("unbuilt", [...launcherFiles, "build.ts"]);

  await using relay = startProgram(process.execPath, [join(checkout, "bin/openai-relay.cjs")]);

  const stderr = 'openai-relay is not built yet: run "npm run build" first.\n';
  expect(await relay.ended).toMatchObject({ code: 1, stderr });
});

// Windows has neither signals nor a program of the name node_modules/.bin/node.
describe.skipIf(process.platform === "win32")("an old Node in a checkout", () => {
  const checkout = copyOf("whole", [...launcherFiles, "build.ts"]);
  cpSync("dist", join(checkout, "dist"), { recursive: true });
  mkdirSync(join(checkout, "node_modules/.bin"), { recursive: true });
  symlinkSync(process.execPath, join(checkout, "node_modules/.bin/node"));
  const start = ["start", "--no-config", "--mock", "--port", "0"];

  test("hands over to the Node that npm ci brought", async () => {
    await using relay = startOld(checkout, "--version");

    expect(await relay.ended).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test("passes the exit code on", async () => {
    await using relay = startOld(checkout, "start", "--no-such-flag");

    expect(await relay.ended).toMatchObject({ code: 2 });
  });

  test.each(["SIGTERM", "SIGINT"] as const)("passes %s on", async (signal) => {
    await using relay = startOld(checkout, ...start);
    const url = await listening(relay);
    expect((await fetch(new URL("/_relay/health", url))).status).toBe(200);

    relay.child.kill(signal);

    expect(await relay.ended).toMatchObject({ code: 0, signal: null });
  });

  test("takes the relay along when it is killed", async () => {
    await using relay = startOld(checkout, ...start);
    using connection = await rawConnection(Number(new URL(await listening(relay)).port));

    relay.child.kill("SIGKILL");

    await connection.closed();
    expect(await relay.ended).toMatchObject({ signal: "SIGKILL" });
  });
});

function copyOf(name: string, files: string[]): string {
  const copy = join(folder, name);
  for (const file of files) cpSync(join("bin", file), join(copy, "bin", file));
  return copy;
}

function startOld(checkout: string, ...args: string[]) {
  const launcher = join(checkout, "bin/openai-relay.cjs");
  return startProgram(process.execPath, ["-r", oldNode, launcher, ...args]);
}

async function listening(relay: ReturnType<typeof startProgram>): Promise<string> {
  return (await relay.until("stdout", /(.+)\n/))[1]!;
}

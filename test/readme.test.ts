import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readmeTable } from "../src/config/readme-table.ts";
import { startRelay, type TestRelay } from "./support/relay.ts";

// Every block of the README is pasted and run, against a relay on its mock.

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}));
const serves = /^(?:npx openai-relay|relay) start /;
const setsUp = /^npm ci && /;
const codex = /^codex /;

let relay: TestRelay;
let folder: string;
beforeAll(async () => {
  relay = await startRelay({ mock: "true", journalFile: ":memory:" }, { hasJournal: true });
  folder = mkdtempSync(join(tmpdir(), "relay-readme-"));
  const launcher = join(root, "bin/openai-relay.cjs");
  shim("relay", `exec "${process.execPath}" "${launcher}" "$@"`);
  shim("npx", `shift; exec "${process.execPath}" "${launcher}" "$@"`);
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function shim(name: string, line: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** Runs a block as pasted, but for the port; `until`: stop it with SIGTERM once stdout matches. */
async function paste(command: string[], until?: RegExp) {
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, OPENAI_API_KEY: "relay" };
  const child = spawn(command[0]!, command.slice(1), {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (until?.test(stdout)) child.kill("SIGTERM");
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const here = (text: string) => text.replaceAll("8484", String(relay.port));

describe("a block of the README", () => {
  test.each(blocks.filter(({ text }) => serves.test(text)))(
    "starts a relay: $text",
    async ({ text }) => {
      // exec: the signal is for the relay, not for the shell that it was typed into.
      const line = text.includes("--port") ? text : `${text.trim()} --port 0`;
      const { code, stdout } = await paste(["bash", "-c", `exec ${line}`], /\n/);

      expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\n$/);
      expect(code).toBe(0);
    },
  );

  const runs = blocks.filter(({ language, text }) => {
    return language === "sh" && !serves.test(text) && !setsUp.test(text) && !codex.test(text);
  });
  test.each(runs)("runs: $text", async ({ text }) => {
    const { code, stdout, stderr } = await paste(["bash", "-ec", here(text)]);

    expect(stderr).not.toMatch(/error/i);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^\{\s*"error"/);
    // An assignment prints nothing.
    if (!text.startsWith("export ")) expect(stdout).not.toBe("");
  });

  test.each(blocks.filter(({ language }) => language === "js"))(
    "is JavaScript that works",
    async ({ text }) => {
      const file = join(root, "node_modules/.readme-block.mjs");
      writeFileSync(file, here(text));
      const { code, stdout, stderr } = await paste([process.execPath, file]);
      rmSync(file);

      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(stdout).not.toBe("");
    },
  );

  test("sets up and is what CI runs", () => {
    const ci = readFileSync(join(root, ".ci/run"), "utf8");
    const lines = blocks.map(({ text }) => text.trim()).filter((text) => setsUp.test(text));

    expect(lines).toEqual(["npm ci && npm start -- --mock", "npm ci && npm test"]);
    for (const line of lines) for (const part of line.split(" && ")) expect(ci).toContain(part);
  });
});

test("the table of settings is the one that the declaration makes", () => {
  expect(readme).toContain(`\n${readmeTable()}\n`);
});

test("the README and the code know the same refusals", () => {
  const errors = readFileSync(join(root, "src/errors.ts"), "utf8");
  const codes = [...errors.matchAll(/"([a-z]+(?:_[a-z]+)+)"/g)].map(([, code]) => code!);
  const own = codes.filter((code) => !/_error$/.test(code) || code === "relay_error");

  for (const code of new Set([...own, "draining"])) expect(readme).toContain(`\`${code}\``);
});

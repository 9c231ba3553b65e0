import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

// Some tests start programs, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const { PATH } = process.env;
const shell = (script: string) => JSON.stringify(["sh", "-c", script]);

/** What becomes of a call when the key is to come from this command. */
async function askWith(command: string, env: NodeJS.ProcessEnv = {}) {
  await using upstream = await startUpstream();
  const given = { RELAY_KEY_COMMAND: command, PATH, ...env };
  await using relay = await startRelay({ upstream: upstream.url }, { env: given });
  const answer = await fetch(`${relay.url}/v1/models`);
  const sent = upstream.seen[0]?.headers.authorization;
  return { sent, status: answer.status, text: await answer.text() };
}

describe("a key command", () => {
  test("gets its arguments as they are: there is no shell", async () => {
    const { sent } = await askWith('["echo", "$HOME;id"]');

    expect(sent).toBe("Bearer $HOME;id");
  });

  test.each([
    ["fails", shell("echo sk-canary; echo sk-canary >&2; exit 3"), /exit code 3/],
    ["is not there", "no-such-program", /no such program/],
    ["prints no key", shell("echo two sk-canary"), /white space/],
    ["prints nothing", "true", /is empty/],
    ["never stops printing", "yes", /it was killed/],
  ])("that %s is told of, without what it printed", async (_what, command, says) => {
    const { sent, status, text } = await askWith(command);

    expect([sent, status]).toEqual([undefined, 401]);
    expect(JSON.parse(text).error.code).toBe("key_missing");
    expect(text).toMatch(says);
    expect(text).not.toContain("canary");
  });

  test("finds no key of a rule in its environment", async () => {
    const names = ["OPENAI_API_KEY", "AUDIO_KEY", "PATH"];
    const keys = [{ name: "audio", env: "AUDIO_KEY", paths: ["/v1/audio/*"] }];
    const script = `console.log(${JSON.stringify(names)}.filter((name) => process.env[name]).join("+"))`;

    const { sent } = await askWith(JSON.stringify([process.execPath, "-e", script]), {
      ...{ AUDIO_KEY: "sk-audio", RELAY_KEYS: JSON.stringify(keys) },
    });

    expect(sent).toBe("Bearer PATH");
  });

  test("that nobody waits for any more is killed when the relay stops", async () => {
    using folder = createFolder();
    const pid = folder.at("pid");
    const script = `echo $$ > ${pid}.new && mv ${pid}.new ${pid}; exec sleep 60`;
    const env = { RELAY_KEY_COMMAND: shell(script), PATH };
    await using relay = await startRelay({}, { env });

    const asked = fetch(`${relay.url}/v1/models`).catch(() => {});
    await until(() => folder.has("pid"));
    const child = Number(readFileSync(pid, "utf8"));
    await relay[Symbol.asyncDispose]();
    await asked;

    await until(() => !isAlive(child));
  });

  test("is killed when the relay is made to leave at once", async () => {
    using folder = createFolder();
    const pid = folder.at("pid");
    const script = `echo $$ > ${pid}.new && mv ${pid}.new ${pid}; exec sleep 60`;
    const env = { RELAY_KEY_COMMAND: shell(script) };
    await using relay = startCommand(["start", "--port", "0"], { env });
    const [, origin] = await relay.until("stdout", /^(http:.*)\/v1\n/);
    const asked = fetch(`${origin}/v1/models`).catch(() => {});
    await until(() => folder.has("pid"));

    relay.child.kill("SIGTERM");
    await relay.until("stderr", /Waiting for 1 live answer/);
    const again = setInterval(() => relay.child.kill("SIGTERM"), 50);
    await relay.ended;
    clearInterval(again);
    await asked;

    await until(() => !isAlive(Number(readFileSync(pid, "utf8"))));
  });

  test("may ask on the terminal, but what it says there is in no log", async () => {
    using folder = createFolder();
    await using upstream = await startUpstream();
    const script = `echo sk-canary-asks >&2; echo done > ${folder.at("asked")}; echo sk-key`;
    await using relay = startCommand(["start", "--port", "0", "--upstream", upstream.url], {
      env: { RELAY_KEY_COMMAND: shell(script) },
    });
    const [, origin] = await relay.until("stdout", /^(http:.*)\/v1\n/);

    expect((await fetch(`${origin}/v1/models`)).status).toBe(200);
    relay.child.kill("SIGTERM");

    expect(folder.has("asked")).toBe(true);
    expect((await relay.ended).stderr).not.toContain("canary");
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

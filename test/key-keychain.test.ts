import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { createKeychain, KeychainError } from "../src/key/keychain.ts";
import { startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { standInFor } from "./support/keychain.ts";
import { startRelay } from "./support/relay.ts";
import { startUpstream } from "./support/upstream.ts";

vi.setConfig({ testTimeout: 30_000 });

const windows = process.platform === "win32";
const linux = process.platform === "linux";
const key = "sk-proj-abcdefghijklmnopqrstuvw3fA9";
const { signal } = new AbortController();

// These show how the relay calls the tools, not that the tools do what they should.
describe.skipIf(windows)("the system's tool, by a stand-in", () => {
  test.each(["linux", "darwin", "win32"] as const)(
    "keeps, gives and removes each key on %s, and is never given one as an argument",
    async (platform) => {
      using tool = standInFor(platform);
      const keychain = createKeychain({ env: tool.env, signal, platform });

      expect(await keychain.read("key")).toBeUndefined();
      expect(await keychain.remove("key")).toBe(false);
      await keychain.store("key", key);
      await keychain.store("admin", `${key}-admin'"\\$`);

      expect(await keychain.read("key")).toBe(key);
      expect(await keychain.read("admin")).toBe(`${key}-admin'"\\$`);
      expect(await keychain.remove("key")).toBe(true);
      expect(tool.items).toEqual({ "admin-key": `${key}-admin'"\\$` });
      const told = JSON.stringify(tool.calls);
      expect(told).not.toContain(key);
      expect(told).not.toContain(Buffer.from(key).toString("hex"));
    },
  );

  test.each([
    ["linux", /no secret-tool/],
    ["darwin", /no program named security/],
    ["win32", /powershell\.exe/],
  ] as const)("that is missing on %s is named", async (platform, says) => {
    const keychain = createKeychain({
      ...{ env: { PATH: "/nonexistent", SystemRoot: "/nonexistent" }, signal, platform },
    });

    const failure = await keychain.read("key").catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(KeychainError);
    expect(String(failure)).toMatch(says);
  });

  test("that says it has kept a key but has not is found out", async () => {
    using folder = createFolder();
    folder.write("security", "#!/bin/sh\n[ $1 = -i ] || echo sk-something-else\n", 0o755);
    const env = { PATH: `${folder.path}:${process.env.PATH}` };
    const keychain = createKeychain({ env, signal, platform: "darwin" });

    await expect(keychain.store("key", key)).rejects.toThrow(/not what it was given/);
  });
});

describe.skipIf(!linux)("the relay and a keychain", () => {
  const off = { OPENAI_API_KEY: "" };

  test("is asked when there is no other key, once, without keys in its environment", async () => {
    using tool = standInFor("linux");
    await createKeychain({ env: tool.env, signal, platform: "linux" }).store("key", key);
    const before = tool.calls.length;
    await using upstream = await startUpstream();
    const env = {
      ...tool.env,
      ...off,
      OPENAI_ADMIN_KEY: "sk-admin-x",
      RELAY_TOKENS: "a-client-token-0",
    };
    await using relay = await startRelay({ upstream: upstream.url }, { env });

    await Promise.all([1, 2, 3].map(() => askModels(relay.url)));
    await askModels(relay.url);

    const sent = upstream.seen.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(Array(4).fill(`Bearer ${key}`));
    const [call, ...more] = tool.calls.slice(before);
    expect(more).toEqual([]);
    expect(JSON.stringify(call!.env)).not.toMatch(/sk-admin-x|a-client-token/);
  });

  test("is not asked where there is another key, nor when keychain is off", async () => {
    using tool = standInFor("linux");
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url }, { env: tool.env });
    await using without = await startRelay(
      { upstream: upstream.url, keychain: "false" },
      { env: { ...tool.env, ...off } },
    );

    expect((await askModels(relay.url)).status).toBe(200);
    expect((await askModels(without.url)).status).toBe(401);
    expect(tool.calls).toEqual([]);
  });

  test("that holds no key is not asked by every request", async () => {
    using tool = standInFor("linux");
    await using upstream = await startUpstream();
    await using relay = await startRelay(
      { upstream: upstream.url },
      { env: { ...tool.env, ...off } },
    );

    for (let i = 0; i < 3; i++) expect((await askModels(relay.url)).status).toBe(401);

    expect(tool.calls).toHaveLength(1);
  });

  test("gives the admin key; with none there, admin operations get the ordinary one", async () => {
    using tool = standInFor("linux");
    const keychain = createKeychain({ env: tool.env, signal, platform: "linux" });
    await using upstream = await startUpstream();
    const ask = async () => {
      await using relay = await startRelay({ upstream: upstream.url }, { env: tool.env });
      await fetch(`${relay.url}/v1/organization/users`);
      return upstream.seen.at(-1)!.headers.authorization;
    };

    const ordinary = await ask();
    await keychain.store("admin", "sk-admin-of-the-keychain");

    expect(ordinary).toBe("Bearer sk-test-relay-key");
    expect(await ask()).toBe("Bearer sk-admin-of-the-keychain");
  });
});

function askModels(url: string): Promise<Response> {
  return fetch(`${url}/v1/models`, { headers: { "x-relay-token": "a-client-token-0" } });
}

const tools = ["secret-tool", "gnome-keyring-daemon", "dbus-run-session"];
const hasKeyring = linux && tools.every((name) => spawnSync("which", [name]).status === 0);

test.skipIf(!hasKeyring)("a real keyring keeps, gives and removes keys", async () => {
  using folder = createFolder({ run: {} });
  const relay = `"${process.execPath}" "${fileURLToPath(new URL("../src/cli.ts", import.meta.url))}"`;
  const script = `
    mkdir -p "$HOME/.local/share/keyrings"
    printf 'unlock\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
    printf '%s' ${key} | ${relay} key set && ${relay} key status
    ${relay} key rm; ${relay} key status; echo "exit $?"`;
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder.path, XDG_RUNTIME_DIR: folder.path },
    OPENAI_API_KEY: "",
  };

  const { stdout } = spawnSync("dbus-run-session", ["--", "sh", "-c", script], {
    ...{ env, encoding: "utf8", timeout: 25_000 },
  });

  expect(stdout.split("\n")).toEqual([
    "Kept in the system's keychain: sk-proj-…3fA9 (project key), fingerprint 0991643a",
    "API key    the system's keychain: sk-proj-…3fA9 (project key), fingerprint 0991643a",
    "Admin key  none of its own: admin operations get the API key",
    "Removed from the system's keychain.",
    'API key    none. Set OPENAI_API_KEY, or run "relay key set".',
    "Admin key  none of its own: admin operations get the API key",
    "exit 4",
    "",
  ]);
});

describe.skipIf(!linux)("relay start and the keychain", () => {
  const args = ["start", "--no-config", "--port", "0"];

  test("which it names where there is no other key, and says when it is empty", async () => {
    using tool = standInFor("linux");
    const bannerOf = async () => {
      await using relay = startCommand(args, { env: tool.env });
      return (await relay.until("stderr", /^ {2}Key +(.*)$/m))[1];
    };

    const empty = await bannerOf();
    await createKeychain({ env: tool.env, signal, platform: "linux" }).store("key", key);

    expect(empty).toMatch(/^(?:none: set OPENAI_API_KEY|the system's keychain, if it has one)/);
    expect(await bannerOf()).toMatch(/^the system's keychain/);
  });

  test("is not asked where there is another", async () => {
    using tool = standInFor("linux");
    await using relay = startCommand(args, { env: { ...tool.env, OPENAI_API_KEY: key } });

    await relay.until("stdout", /^http/);

    expect(tool.calls).toEqual([]);
  });
});

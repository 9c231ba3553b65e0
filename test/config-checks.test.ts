import { symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createFolder } from "./support/folder.ts";
import { load, problemsOf } from "./support/settings.ts";

const windows = process.platform === "win32";

describe("what cannot be seen on one setting alone", () => {
  test.each([
    [
      "a host that others can reach, without tokens",
      { host: "0.0.0.0" },
      /^"host" is "0\.0\.0\.0" \(flag --host\): .*RELAY_TOKENS/,
    ],
    ["the same on IPv6", { host: "::" }, /^"host" is "::"/],
    ["a name that only looks like loopback", { host: "127.0.0.1.example.com" }, /^"host"/],
    [
      "an unencrypted upstream",
      { upstream: "http://gateway.example" },
      /^"upstream" .*insecureUpstream/,
    ],
    [
      "this relay as its own upstream",
      { upstream: "http://127.0.0.1:8484/v1" },
      /^"upstream" .*this relay itself/,
    ],
    [
      "the same by another name",
      { upstream: "http://localhost:7", port: "7" },
      /this relay itself/,
    ],
    [
      "the same by the unspecified address",
      { upstream: "http://0.0.0.0:8484" },
      /this relay itself/,
    ],
    [
      "the same on the port of https",
      { upstream: "https://[::1]", port: "443" },
      /this relay itself/,
    ],
    [
      "a key file that is not there",
      { keyFile: "/nowhere/key" },
      /^"keyFile" is "\/nowhere\/key" \(flag --key-file\): there is no such file/,
    ],
    ["a certificate file that is not there", { ca: "/nowhere/ca" }, /^"ca" .*no such file/],
    ["a key file that is a folder", { adminKeyFile: "/" }, /^"adminKeyFile" .*folder/],
  ])("%s is refused", async (_what, flags, problem) => {
    expect(await problemsOf({ flags, cwd: "/" })).toEqual([expect.stringMatching(problem)]);
  });

  test.each([
    ["a wide host with a token", { host: "0.0.0.0", tokens: ["a-token-of-somebody"] }],
    ["any loopback host", { host: "127.8.4.1" }],
    [
      "an unencrypted upstream on purpose",
      { upstream: "http://gateway.example", insecureUpstream: true },
    ],
    ["an unencrypted loopback upstream", { upstream: "http://[::1]:9" }],
    [
      "a loopback upstream while the port is not known",
      { upstream: "http://localhost:1", port: "0" },
    ],
    ["another host on the relay's port", { upstream: "https://example.com:8484" }],
    ["itself as upstream when the mock answers", { upstream: "http://127.0.0.1:8484", mock: true }],
    ["a key from standard input", { keyFile: "-" }],
  ])("%s is fine", async (_what, flags) => {
    await expect(load({ flags })).resolves.toBeDefined();
  });

  test.skipIf(windows)(
    "a key file that others may read is refused, a certificate is not",
    async () => {
      using folder = createFolder();
      folder.write("open", "sk", 0o640);
      folder.write("mine", "sk", 0o600);
      const cwd = folder.path;

      expect(await problemsOf({ flags: { keyFile: "open" }, cwd })).toEqual([
        expect.stringContaining(`chmod 600 ${folder.at("open")}`),
      ]);
      expect(await problemsOf({ flags: { adminKeyFile: "open" }, cwd })).toHaveLength(1);
      await expect(load({ flags: { keyFile: "mine", ca: "open" }, cwd })).resolves.toBeDefined();
    },
  );
});

describe("the old relay's variables", () => {
  const old = {
    OPENAI_API_BASE: "https://gateway.example/v1",
    OPENAI_ORGANIZATION: "org-old",
    PROXY_TIMEOUT_SECONDS: "90",
    OPENAI_ASSISTANTS_BETA: "assistants=v2",
    OPENAI_REALTIME_BETA: "realtime=v1",
  };

  test("still work, each with a remark", async () => {
    const { config, origins, remarks } = await load({ env: old });

    expect(config).toMatchObject({
      upstream: "https://gateway.example/v1",
      organization: "org-old",
      beta: ["assistants=v2", "realtime=v1"],
      timeouts: { head: 90_000, idle: 90_000, total: 0 },
    });
    expect(origins).toMatchObject({
      upstream: "env OPENAI_API_BASE",
      "timeouts.idle": "env PROXY_TIMEOUT_SECONDS",
    });
    expect(remarks).toHaveLength(5);
    expect(remarks[0]).toBe(
      "OPENAI_API_BASE is a name of the old relay and still works; it is now RELAY_UPSTREAM.",
    );
  });

  test("lose against every newer name, with a remark that says so", async () => {
    const { config, remarks } = await load({
      env: {
        ...old,
        RELAY_TIMEOUT_SECONDS: "7",
        RELAY_UPSTREAM: "https://new.example",
        OPENAI_ORG_ID: "org-new",
        RELAY_TIMEOUTS_HEAD: "1s",
        RELAY_BETA: "new=v1",
      },
    });

    expect(config).toMatchObject({
      upstream: "https://new.example",
      organization: "org-new",
      beta: ["new=v1"],
      timeouts: { head: 1_000, idle: 7_000 },
    });
    expect(remarks.filter((remark) => remark.includes("is ignored"))).toHaveLength(5);
    expect(remarks).toContain(
      "OPENAI_API_BASE, a name of the old relay, is ignored: env RELAY_UPSTREAM says otherwise.",
    );
  });

  test("add their beta flags to those of a file, and win over it in all else", async () => {
    using folder = createFolder({
      "relay.config.json": { beta: ["own=v1", "realtime=v1"], organization: "org-file" },
    });
    const { config } = await load({ env: old, cwd: folder.path });

    expect(config.beta).toEqual(["own=v1", "realtime=v1", "assistants=v2"]);
    expect(config.organization).toBe("org-old");
  });

  test("point at this relay and are ignored: they were meant for its clients", async () => {
    const env = { OPENAI_API_BASE: "http://localhost:9000/v1" };
    using folder = createFolder({ "relay.config.json": { port: 9000 } });
    const { config, remarks } = await load({ env, cwd: folder.path });

    expect(config.upstream).toBe("https://api.openai.com");
    expect(remarks).toEqual(["OPENAI_API_BASE points at this relay and is ignored here."]);
    expect((await load({ env })).config.upstream).toBe("http://localhost:9000/v1");
  });

  test("are checked like all others", async () => {
    const env = { RELAY_TIMEOUT_SECONDS: "soon", OPENAI_API_BASE: "gateway" };

    expect(await problemsOf({ env })).toEqual([
      expect.stringMatching(/^"upstream" is "gateway" \(env OPENAI_API_BASE\)/),
      expect.stringMatching(/^"timeouts.head" is "soon" \(env RELAY_TIMEOUT_SECONDS\)/),
      expect.stringMatching(/^"timeouts.idle" is "soon"/),
    ]);
  });
});

describe("a file that a search found", () => {
  const key = { OPENAI_API_KEY: "sk-12345678" };
  const evil = { upstream: "https://evil.example", port: 9, tokens: ["t0p"] };

  test("may not say where the key goes, and is told what it tried", async () => {
    using folder = createFolder({ "relay.config.json": evil });

    expect(await problemsOf({ env: key, cwd: folder.path })).toEqual([
      './relay.config.json sets upstream to "https://evil.example", tokens to ["(hidden)"] (at stake: the key of env OPENAI_API_KEY). Look at it, then run "relay config trust", or pass --config ./relay.config.json.',
    ]);
  });

  test("is read when it is named, or when there is no key that it could take", async () => {
    using folder = createFolder({ "relay.config.json": evil });
    const cwd = folder.path;
    const named = await load({ env: key, cwd, config: "relay.config.json" });
    const byVariable = await load({ env: { ...key, RELAY_CONFIG: "relay.config.json" }, cwd });
    const withoutKey = await load({ cwd });

    for (const { config } of [named, byVariable, withoutKey])
      expect(config.upstream).toBe("https://evil.example");
  });

  test("may say what is harmless, and what holds anyway", async () => {
    using folder = createFolder({
      "relay.config.json": { port: 9, upstream: "https://api.openai.com", host: "127.0.0.1" },
    });

    expect((await load({ env: key, cwd: folder.path })).config.port).toBe(9);
  });

  test.each([
    ["the admin key", { env: { OPENAI_ADMIN_KEY: "sk" } }, /env OPENAI_ADMIN_KEY/],
    ["a key file of the command line", { flags: { keyFile: "/k" } }, /keyFile, flag --key-file/],
    ["a key command of the environment", { env: { RELAY_KEY_COMMAND: "pass" } }, /keyCommand, env/],
    ["the clients' own keys", { flags: { auth: "passthrough" } }, /the keys of all clients/],
  ])("cannot send %s elsewhere either", async (_what, input, stake) => {
    using folder = createFolder({ "relay.config.json": { upstream: "https://evil.example" } });

    expect(await problemsOf({ ...input, cwd: folder.path })).toEqual([
      expect.stringMatching(stake),
    ]);
  });

  test("cannot send the key of the user's own file elsewhere", async () => {
    using home = createFolder({ key: "sk" });
    using folder = createFolder({ "relay.config.json": { proxy: "http://evil.example" } });
    home.write(".config/openai-relay/config.json", { keyFile: home.at("key") });

    expect(await problemsOf({ env: { HOME: home.path }, cwd: folder.path })).toEqual([
      expect.stringMatching(/sets proxy to .*the key of keyFile, file .*config\.json/),
    ]);
  });

  test("may name a key file of its own folder, but none outside and no command", async () => {
    using home = createFolder({ key: "sk" });
    using folder = createFolder({ "own.key": "sk" });
    const cwd = folder.path;
    const evil = { upstream: "https://evil.example" };
    folder.write("relay.config.json", { ...evil, keyFile: "./own.key" });
    expect((await load({ cwd })).config.keyFile).toBe(folder.at("own.key"));

    symlinkSync(home.at("key"), folder.at("link"));
    for (const keyFile of [home.at("key"), "./link"]) {
      folder.write("relay.config.json", { ...evil, keyFile });
      expect(await problemsOf({ cwd })).toEqual([expect.stringContaining("outside of its folder")]);
    }
    folder.write("relay.config.json", { keyCommand: ["touch", "ran"] });
    expect(await problemsOf({ cwd })).toEqual([expect.stringContaining("it runs a command")]);
    folder.write("relay.config.json", { ...evil, auth: "passthrough" });
    expect(await problemsOf({ cwd })).toEqual([expect.stringContaining("keys of all clients")]);
  });

  test.each(["ts", "mts", "js", "mjs", "cjs"])("is never run as .%s, key or not", async (kind) => {
    using folder = createFolder();
    const mark = JSON.stringify(folder.at("ran"));
    const content = `require("node:fs").writeFileSync(${mark}, ""); module.exports = { port: 9 };`;
    folder.write(`relay.config.${kind}`, content);

    expect(await problemsOf({ cwd: folder.path })).toEqual([
      expect.stringContaining(`./relay.config.${kind} is code, which would run in the relay.`),
    ]);
    expect(folder.has("ran")).toBe(false);
  });
});

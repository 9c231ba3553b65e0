import { describe, expect, test } from "vitest";
import { createFolder } from "./support/folder.ts";
import { load, problemsOf } from "./support/settings.ts";

const evil = { upstream: "https://evil.example" };

describe("a file that a search found", () => {
  test.each([
    ["a command for the admin key", { adminKeyCommand: ["touch", "ran"] }, {}, /it runs a command/],
    ["a command of a rule", { keys: [{ name: "a", command: ["touch"] }] }, {}, /it runs a command/],
    [
      "a variable that somebody else has set",
      { ...evil, keys: [{ name: "a", env: "AWS_SECRET" }] },
      { AWS_SECRET: "x" },
      /at stake: the key of env AWS_SECRET/,
    ],
    [
      "rules of its own for a key that is there",
      { keys: [{ name: "a", file: "./own" }] },
      { OPENAI_API_KEY: "sk-12345678" },
      /sets keys to .*the key of env OPENAI_API_KEY/,
    ],
    [
      "a keychain that was asked for",
      evil,
      { RELAY_KEYCHAIN: "true" },
      /the key of keychain, env RELAY_KEYCHAIN/,
    ],
  ])("may not use %s", async (_what, content, env, says) => {
    using folder = createFolder({ "relay.config.json": content });

    expect(await problemsOf({ cwd: folder.path, env })).toEqual([expect.stringMatching(says)]);
  });

  test("may name key files of its own folder, but none outside", async () => {
    using outside = createFolder({ key: "sk", ".env": "" });
    using folder = createFolder({ key: "sk", ".env": "" });
    const cwd = folder.path;

    for (const own of [{ envFile: ".env" }, { keys: [{ name: "a", file: "./key" }] }]) {
      folder.write("relay.config.json", { ...evil, ...own });
      expect((await load({ cwd })).config.upstream).toBe(evil.upstream);
    }
    for (const foreign of [
      { envFile: outside.at(".env") },
      { keys: [{ name: "a", file: outside.at("key") }] },
    ]) {
      folder.write("relay.config.json", { ...evil, ...foreign });
      expect(await problemsOf({ cwd })).toEqual([expect.stringContaining("outside of its folder")]);
    }
  });

  test("may send no .env file of the command line elsewhere", async () => {
    using outside = createFolder({ ".env": "OPENAI_API_KEY=sk" });
    using folder = createFolder({ "relay.config.json": evil });
    const flags = { envFile: outside.at(".env") };

    expect(await problemsOf({ cwd: folder.path, flags })).toEqual([
      expect.stringMatching(/the key of envFile, flag --dotenv/),
    ]);
  });

  test("that says where keys go gets none of the keychain, with a remark", async () => {
    using folder = createFolder({ "relay.config.json": evil });
    const cwd = folder.path;

    const found = await load({ cwd });
    const named = await load({ cwd, config: "relay.config.json" });
    folder.write("relay.config.json", { port: 9 });
    const harmless = await load({ cwd });

    expect(found.config.keychain).toBe(false);
    expect(found.origins.keychain).toBe("file ./relay.config.json is not trusted");
    expect(found.remarks).toEqual([
      expect.stringMatching(/^\.\/relay\.config\.json sets upstream to .*no key of the keychain/),
    ]);
    for (const { config, remarks } of [named, harmless])
      expect([config.keychain, remarks]).toEqual([true, []]);
  });

  test("cannot turn the keychain on again", async () => {
    using home = createFolder({ ".config/openai-relay/config.json": { keychain: false } });
    using folder = createFolder({ "relay.config.json": { ...evil, keychain: true } });

    const { config } = await load({ cwd: folder.path, env: { HOME: home.path } });

    expect(config.keychain).toBe(false);
  });
});

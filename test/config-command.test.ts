import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { addSettingFlags, settingFlags } from "../src/config/flags.ts";
import { allSettings } from "../src/config/names.ts";
import { runCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";

/** `relay config …` in a folder, at home in another. */
function relayConfig(args: string[], folder: Folder, env: NodeJS.ProcessEnv = {}) {
  return runCommand(["config", ...args], { cwd: folder.path, env });
}

test("show prints every setting in force, and with --origin where it comes from", async () => {
  using folder = createFolder({ "relay.config.json": { timeouts: { connect: "2s" } } });
  const env = { RELAY_LOG_LEVEL: "debug" };
  const shown = await relayConfig(["show", "--origin", "-p", "99"], folder, env);
  const plain = await relayConfig(["show"], folder);

  expect(shown).toMatchObject({ code: 0, stderr: "" });
  const lines = shown.stdout.trimEnd().split("\n");
  const rows = new Map(
    lines.map((line) => line.split(/ {2,}/)).map(([name, ...rest]) => [name, rest]),
  );
  expect([...rows.keys()]).toEqual([...allSettings.keys()]);
  expect(rows.get("port")).toEqual(["99", "flag --port"]);
  expect(rows.get("timeouts.connect")).toEqual(["2s", "file ./relay.config.json"]);
  expect(rows.get("log.level")).toEqual(["debug", "env RELAY_LOG_LEVEL"]);
  expect(rows.get("upstream")).toEqual(["https://api.openai.com", "default"]);
  expect(plain.stdout).not.toMatch(/default$/m);
});

test("show keeps secrets to itself, as text and as JSON", async () => {
  using folder = createFolder();
  const env = { RELAY_TOKENS: "t0p-secret", RELAY_PROXY: "http://me:p4ss@proxy:3128" };
  const text = await relayConfig(["show"], folder, env);
  const json = await relayConfig(["show", "--json"], folder, env);

  expect(text.stdout + json.stdout).not.toMatch(/t0p|p4ss/);
  const settings = JSON.parse(json.stdout);
  expect(settings.tokens).toEqual({ value: ["(hidden)"], origin: "env RELAY_TOKENS" });
  expect(settings["timeouts.connect"]).toEqual({ value: 10_000, origin: "default" });
});

test.each([
  [["port"], "8484"],
  [["port", "--json"], "8484"],
  [["timeouts.connect"], "2s"],
  [["timeouts.connect", "--json"], "2000"],
  [["socket"], ""],
  [["beta", "--json"], '["a","b"]'],
  [["tokens", "--json"], '["(hidden)"]'],
])("get %j prints that and nothing else", async (args, value) => {
  using folder = createFolder({ "relay.config.json": { timeouts: { connect: "2s" } } });
  const env = { RELAY_BETA: "a,b", RELAY_TOKENS: "t0p-secret" };

  expect(await relayConfig(["get", ...args], folder, env)).toMatchObject({
    code: 0,
    stdout: `${value}\n`,
  });
});

test("exit codes tell a bad flag from a bad file", async () => {
  using folder = createFolder({ "own.json": { prot: 1 } });
  const flag = await relayConfig(["show", "--port", "abc"], folder);
  const file = await relayConfig(["show", "--config", "own.json"], folder);
  const off = await relayConfig(["show", "--no-config"], folder);

  expect(flag).toMatchObject({ code: 2, stdout: "" });
  expect(flag.stderr).toContain('"port" is "abc" (flag --port)');
  expect(file).toMatchObject({ code: 3, stdout: "" });
  expect(file.stderr).toBe('"prot" is not a setting (file ./own.json:1:2). Did you mean "port"?\n');
  expect(off.code).toBe(0);
});

test("path prints where files are looked for and which is there", async () => {
  using folder = createFolder({ "package.json": {}, "openai-relay.config.yaml": "port: 1" });
  const env = { XDG_CONFIG_HOME: folder.at("home") };
  const before = await relayConfig(["path"], folder, env);
  const own = folder.write("home/openai-relay/config.json", {});
  const after = await relayConfig(["path", "--json"], folder, env);

  expect(before.stdout).toBe(
    `✓ project  ./openai-relay.config.yaml\n– user     ${folder.at("home/openai-relay/config.*")}\n`,
  );
  expect(JSON.parse(after.stdout)).toEqual([
    expect.objectContaining({ layer: "project", file: "./openai-relay.config.yaml" }),
    { layer: "user", place: folder.at("home/openai-relay/config.*"), file: own },
  ]);
});

describe("trust", () => {
  const evil = { upstream: "https://gateway.example" };

  test("lets a file have the key, until the file changes", async () => {
    using folder = createFolder({ "relay.config.json": evil });
    const env = { OPENAI_API_KEY: "sk-12345678", XDG_STATE_HOME: folder.at("state") };
    const before = await relayConfig(["show"], folder, env);
    const trust = await relayConfig(["trust"], folder, env);
    const after = await relayConfig(["show"], folder, env);
    folder.write("relay.config.json", { upstream: "https://evil.example" });
    const changed = await relayConfig(["show"], folder, env);

    expect(before.code).toBe(3);
    expect(before.stderr).toContain('"relay config trust"');
    expect(trust).toMatchObject({ code: 0, stderr: "" });
    expect(trust.stdout).toContain('upstream: "https://gateway.example"');
    expect(after.stdout).toContain("https://gateway.example");
    expect(changed.code).toBe(3);
    expect(changed.stderr).toContain("https://evil.example");
  });

  test("is remembered where only the user can write, one file beside the other", async () => {
    using folder = createFolder({ "relay.config.ts": "export default { port: 1 }", "b.json": {} });
    const env = { XDG_STATE_HOME: folder.at("state") };
    await relayConfig(["trust"], folder, env);
    await relayConfig(["trust", "b.json"], folder, env);
    const list = folder.at("state/openai-relay/trusted.json");

    expect(Object.keys(JSON.parse(readFileSync(list, "utf8")).files)).toEqual([
      folder.at("relay.config.ts"),
      folder.at("b.json"),
    ]);
    if (process.platform !== "win32") {
      expect(statSync(list).mode & 0o777).toBe(0o600);
      expect(statSync(join(list, "..")).mode & 0o777).toBe(0o700);
    }
    expect((await relayConfig(["show", "--origin"], folder, env)).stdout).toMatch(
      /port +1 +file \.\/relay\.config\.ts/,
    );
  });

  test("needs a file, and one that says something sensible", async () => {
    using folder = createFolder({ "own.json": { prot: 1 } });

    expect(await relayConfig(["trust"], folder)).toMatchObject({ code: 3, stdout: "" });
    expect(await relayConfig(["trust", "nowhere.json"], folder)).toMatchObject({ code: 3 });
    expect((await relayConfig(["trust", "own.json"], folder)).stderr).toContain('"prot"');
  });
});

test("init writes a file that needs no trust, and never over another", async () => {
  using folder = createFolder();
  const env = { OPENAI_API_KEY: "sk-12345678" };
  const first = await relayConfig(["init", "--yes"], folder, env);
  const second = await relayConfig(["init"], folder, env);
  const shown = await relayConfig(["show", "--origin"], folder, env);

  expect(first).toMatchObject({ code: 0, stdout: "./relay.config.json\n" });
  expect(second).toMatchObject({ code: 3, stderr: "./relay.config.json is there already\n" });
  expect(shown.stdout).toMatch(/port +8484 +file \.\/relay\.config\.json/);
});

describe("flags", () => {
  const parse = (args: string[], command = new Command(), paths?: string[]) => {
    addSettingFlags(command.exitOverride(), paths).parse(args, { from: "user" });
    return settingFlags(command);
  };

  test("only what was really given is passed on, as it was written", () => {
    const args = [
      "--no-system-ca",
      "--mock",
      "--beta",
      "a",
      "--beta",
      "b,c",
      "--limits-body",
      "1e",
    ];
    const { flags, config } = parse(args);

    expect(flags).toEqual({ systemCa: false, mock: true, beta: ["a", "b,c"], "limits.body": "1e" });
    expect(config).toBeUndefined();
  });

  test.each([
    [["-q"], { "log.level": "error" }],
    [["--verbose"], { "log.level": "debug" }],
    [["--log-level", "trace", "-v"], { "log.level": "trace" }],
    [["-p", "0"], { port: "0" }],
    [["--no-mock"], { mock: false }],
  ])("%j", (args, flags) => {
    expect(parse(args).flags).toEqual(flags);
  });

  test("--config and --no-config", () => {
    expect(parse(["-c", "own.json"]).config).toBe("own.json");
    expect(parse(["--no-config"]).config).toBe(false);
  });

  test("a command may take some of them, and keeps its own of the same name", () => {
    const command = new Command().option("-v, --verbose").option("--proxy <url>");
    const { flags } = parse(["-v", "--proxy", "x", "--log-format", "json"], command, [
      "proxy",
      "log",
    ]);

    expect(flags).toEqual({ "log.format": "json" });
    expect(() =>
      parse(["--port", "1"], new Command().configureOutput({ writeErr() {} }), ["log"]),
    ).toThrow("unknown option");
  });

  test("help names default and environment variable of every flag", () => {
    const help = addSettingFlags(new Command()).helpInformation().replace(/\s+/g, " ");

    expect(help).toContain("(default: 10s, env: RELAY_TIMEOUTS_CONNECT)");
    for (const [path, { noFlag }] of allSettings) {
      const name = `RELAY_${path.replace(/[A-Z]/g, "_$&").replace(".", "_").toUpperCase()}`;
      expect(help.includes(`env: ${name})`), path).toBe(!noFlag);
    }
  });
});

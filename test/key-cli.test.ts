import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { runCommand, startProgram } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { standInFor } from "./support/keychain.ts";

// Each test starts the program, and CI machines are slow.
vi.setConfig({ testTimeout: 20_000 });

const linux = process.platform === "linux";
const key = "sk-proj-abcdefghijklmnopqrstuvw3fA9";
const told = "sk-proj-…3fA9 (project key), fingerprint 0991643a";

describe.skipIf(!linux)("relay key set", () => {
  test("keeps what is piped in, and says what it is", async () => {
    using tool = standInFor("linux");

    const ended = await runCommand(["key", "set"], { env: tool.env, input: `${key}\n` });

    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toBe(`Kept in the system's keychain: ${told}\n`);
    expect(tool.items).toEqual({ "api-key": key });
  });

  test("--admin keeps the admin key; an admin key without it is remarked upon", async () => {
    using tool = standInFor("linux");
    const admin = "sk-admin-abcdefghijklmnop";

    const right = await runCommand(["key", "set", "--admin"], { env: tool.env, input: admin });
    const odd = await runCommand(["key", "set"], { env: tool.env, input: admin });

    expect([right.code, right.stderr]).toEqual([0, ""]);
    expect(odd.stderr).toMatch(/--admin/);
    expect(tool.items).toEqual({ "admin-key": admin, "api-key": admin });
  });

  test("says what wins over it", async () => {
    using tool = standInFor("linux");
    const env = { ...tool.env, OPENAI_API_KEY: "sk-of-the-environment" };

    const { stderr } = await runCommand(["key", "set"], { env, input: key });

    expect(stderr).toBe("OPENAI_API_KEY (environment) wins over it.\n");
  });

  test.each([
    [`"${key}"`, /quotes/],
    [`Bearer ${key}`, /"Bearer"/],
    ["", /is empty/],
    ["relay", /clients/],
  ])("refuses %j", async (input, says) => {
    using tool = standInFor("linux");

    const { code, stdout, stderr } = await runCommand(["key", "set"], { env: tool.env, input });

    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain("abcdef");
    expect(tool.calls).toEqual([]);
  });

  test("without a keychain says what to do instead", async () => {
    const env = { PATH: "/nonexistent" };

    const { code, stderr } = await runCommand(["key", "set"], { env, input: key });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^There is no secret-tool here .*keyFile\.\n$/);
  });

  test("asks on a terminal, and shows nothing of what is typed", async () => {
    using tool = standInFor("linux");
    const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
    const command = `"${process.execPath}" "${cli}" key set`;
    await using terminal = startProgram("script", ["-qec", command, "/dev/null"], {
      env: tool.env,
    });

    await terminal.until("stdout", /API key: /);
    terminal.child.stdin!.write(`${key}\r`);
    const { code, stdout } = await terminal.ended;

    expect(code).toBe(0);
    expect(stdout).toContain(told);
    expect(stdout).not.toContain(key);
    expect(tool.items).toEqual({ "api-key": key });
  });
});

test.each([["set", key], ["set", `--key=${key}`], ["set", "--admin", key], [key]])(
  "a key as an argument is refused and not repeated: relay key %s",
  async (...args) => {
    const { code, stdout, stderr } = await runCommand(["key", ...args], { input: key });

    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/A key is no argument/);
    expect(stderr).not.toContain("abcdef");
  },
);

describe.skipIf(!linux)("relay key rm", () => {
  test("removes one key and leaves the other", async () => {
    using tool = standInFor("linux");
    await runCommand(["key", "set"], { env: tool.env, input: key });
    await runCommand(["key", "set", "--admin"], { env: tool.env, input: `${key}-admin` });

    const removed = await runCommand(["key", "rm"], { env: tool.env });
    const again = await runCommand(["key", "rm"], { env: tool.env });

    expect([removed.code, removed.stdout]).toEqual([0, "Removed from the system's keychain.\n"]);
    expect([again.code, again.stdout]).toEqual([0, "There was no such key in the keychain.\n"]);
    expect(tool.items).toEqual({ "admin-key": `${key}-admin` });
  });
});

describe.skipIf(!linux)("relay key status", () => {
  test("tells the winner, what it shadows, and the admin key, in words and as JSON", async () => {
    using tool = standInFor("linux");
    using folder = createFolder({ key });
    await runCommand(["key", "set"], { env: tool.env, input: "sk-abcdefghijklmnopqrstuv" });
    const env = { ...tool.env, OPENAI_API_KEY: "relay", OPENAI_ADMIN_KEY: "sk-admin-abcdefghijkl" };
    const args = ["key", "status", "--no-config", "--key-file", folder.at("key")];

    const words = await runCommand(args, { env });
    const json = await runCommand([...args, "--json"], { env });

    expect(words.code).toBe(0);
    expect(words.stdout.split("\n")).toEqual([
      `API key    file ${folder.at("key")}: ${told}`,
      expect.stringMatching(
        /^ {11}not used: the system's keychain: sk-…stuv \(user key\), fingerprint/,
      ),
      expect.stringMatching(/^Admin key {2}OPENAI_ADMIN_KEY \(environment\): sk-admin-…ijkl/),
      "",
    ]);
    const report = JSON.parse(json.stdout);
    expect(report.key.used).toEqual({
      from: "file",
      source: `file ${folder.at("key")}`,
      key: { form: "sk-proj-…3fA9", kind: "project key", fingerprint: "0991643a" },
    });
    expect(report.key.shadowed).toMatchObject([{ from: "keychain" }]);
    expect(report.admin.used.from).toBe("environment");
    expect(words.stdout + json.stdout).not.toContain("abcdef");
  });

  test("has exit code 4 and the reason where there is no key that could be used", async () => {
    const none = await runCommand(["key", "status", "--no-keychain"]);
    const standIn = await runCommand(["key", "status", "--no-keychain"], {
      env: { OPENAI_API_KEY: "relay" },
    });
    const quoted = await runCommand(["key", "status", "--no-keychain"], {
      env: { OPENAI_API_KEY: `"${key}"` },
    });

    expect([none.code, standIn.code, quoted.code]).toEqual([4, 4, 4]);
    expect(none.stdout).toMatch(/^API key +none\. Set OPENAI_API_KEY, or run "relay key set"\./);
    expect(standIn.stdout).toMatch(/^API key +none\. OPENAI_API_KEY is "relay"/);
    expect(quoted.stdout).toMatch(/^API key .*quotes around it/);
  });

  test("names the keys of rules", async () => {
    const rules = [{ name: "audio", env: "AUDIO", paths: ["/v1/audio/*"] }];
    const env = { RELAY_KEYS: JSON.stringify(rules), AUDIO: key };

    const { code, stdout } = await runCommand(["key", "status", "--no-keychain"], { env });

    expect(code).toBe(0);
    expect(stdout).toContain(`audio      AUDIO (environment): ${told}`);
  });
});

test.for(["key", "token", "config"])(
  "relay %s alone is a mistake, and its help tells what there is",
  async (name) => {
    const { code, stdout, stderr } = await runCommand([name]);

    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(`Usage: relay ${name} [options] [command]`);
  },
);

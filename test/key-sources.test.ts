import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { exposureOf } from "../src/config/exposure.ts";
import { createFolder } from "./support/folder.ts";
import { startRelay } from "./support/relay.ts";
import { messageOf } from "./support/relayed.ts";
import { load, problemsOf } from "./support/settings.ts";
import { startUpstream } from "./support/upstream.ts";

const windows = process.platform === "win32";
const root = process.getuid?.() === 0;

type Given = Parameters<typeof startRelay>[0];

/** The keys that an ordinary call and an admin operation go up with. */
async function keysOf(flags: Given, env: NodeJS.ProcessEnv = {}) {
  await using upstream = await startUpstream();
  const given = { upstream: upstream.url, keychain: "false", ...flags };
  await using relay = await startRelay(given, { env: { PATH: process.env.PATH, ...env } });
  await fetch(`${relay.url}/v1/models`);
  await fetch(`${relay.url}/v1/organization/users`);
  return upstream.seen.map(({ headers }) => headers.authorization?.replace("Bearer ", ""));
}

describe("where keys come from, the first that is there", () => {
  const env = { OPENAI_API_KEY: "sk-env", OPENAI_ADMIN_KEY: "sk-admin-env" };
  const commands = {
    RELAY_KEY_COMMAND: "echo sk-command",
    RELAY_ADMIN_KEY_COMMAND: "echo sk-admin-command",
  };

  test("command, file, .env file, environment", async () => {
    using folder = createFolder({ key: "sk-file\n", admin: "sk-admin-file\n" });
    folder.write(".env", "OPENAI_API_KEY=sk-dotenv\nOPENAI_ADMIN_KEY='sk-admin-dotenv'\n");
    const envFile = folder.at(".env");
    const files = { envFile, keyFile: folder.at("key"), adminKeyFile: folder.at("admin") };

    expect(await keysOf({}, env)).toEqual(["sk-env", "sk-admin-env"]);
    expect(await keysOf({ envFile }, env)).toEqual(["sk-dotenv", "sk-admin-dotenv"]);
    expect(await keysOf(files, env)).toEqual(["sk-file", "sk-admin-file"]);
    expect(await keysOf(files, { ...env, ...commands })).toEqual([
      "sk-command",
      "sk-admin-command",
    ]);
  });

  test("a .env file is read only when it is named, and of it only the two keys", async () => {
    using folder = createFolder();
    const file = folder.write(
      ".env",
      '# ours\nexport OPENAI_API_KEY="sk-dotenv"\nRELAY_UPSTREAM=http://evil.example\nFOO=1\n',
      0o644,
    );

    const { config } = await load({ cwd: folder.path, flags: { envFile: ".env" } });

    expect(config.envFile).toBe(file);
    expect(config.upstream).toBe("https://api.openai.com");
    expect((await load({ cwd: folder.path })).config.envFile).toBe("");
    expect(await keysOf({ envFile: file }, env)).toEqual(["sk-dotenv", "sk-admin-env"]);
  });

  test("a .env file that is missing is named", async () => {
    expect(await problemsOf({ flags: { envFile: "/nowhere/.env" } })).toEqual([
      expect.stringMatching(/^"envFile" is .* there is no such file/),
    ]);
  });

  test("a file in the UTF-16 of PowerShell is read as well", async () => {
    using folder = createFolder();
    const file = folder.write("key", "");
    writeFileSync(file, Buffer.from("\ufeffsk-of-powershell\r\n", "utf16le"));

    expect((await keysOf({ keyFile: file }))[0]).toBe("sk-of-powershell");
  });
});

describe.skipIf(windows)("who may read a key file", () => {
  test.each([0o640, 0o604, 0o660, 0o444])("mode %o is refused, with the remedy", async (mode) => {
    using folder = createFolder();
    const file = folder.write("key", "sk", mode);

    expect(await problemsOf({ flags: { keyFile: file } })).toEqual([
      expect.stringMatching(`others on this machine may read it. Run: chmod 600 ${file}`),
    ]);
  });

  test("one that is opened up later is no longer used", async () => {
    using folder = createFolder();
    const file = folder.write("key", "sk-file");
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, keyFile: file });
    folder.write("key", "sk-file", 0o644);

    const answer = await fetch(`${relay.url}/v1/models`);

    expect(answer.status).toBe(401);
    expect(await messageOf(answer)).toContain(`chmod 600 ${file}`);
    expect(upstream.connections).toBe(0);
  });

  test("a pipe is nobody else's, whatever its mode", async () => {
    using folder = createFolder();
    const pipe = folder.at("pipe");
    execFileSync("mkfifo", ["-m", "644", pipe]);
    await using upstream = await startUpstream();
    await using relay = await startRelay({ upstream: upstream.url, keyFile: pipe });

    const asked = fetch(`${relay.url}/v1/models`);
    await writeFile(pipe, "sk-through-a-pipe\n");

    expect((await asked).status).toBe(200);
    expect(upstream.seen[0]?.headers.authorization).toBe("Bearer sk-through-a-pipe");
  });

  // What Docker and Kubernetes mount: nothing that its reader could change.
  test.skipIf(!root)("a file that its reader cannot change is used, with a remark", async () => {
    using folder = createFolder();
    const file = folder.write("key", "sk", 0o444);
    chownSync(folder.path, 65_534, 65_534);
    const module = (name: string) => new URL(`../src/${name}.ts`, import.meta.url).href;
    const script = `
      import { loadConfig } from "${module("config/load")}";
      import { keyRemarks } from "${module("key/remarks")}";
      process.setuid(65534);
      const input = { flags: { keyFile: ${JSON.stringify(file)} }, env: {}, cwd: "/", config: false };
      console.log((await keyRemarks((await loadConfig(input)).config, {})).join());`;

    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });

    expect(stdout).toBe(`Others who are let into this machine can read the key in ${file}.\n`);
    expect(exposureOf(file)).toBe("open");
  });
});

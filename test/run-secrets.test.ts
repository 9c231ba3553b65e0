import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { toClientEnvironment } from "../src/run/environment.ts";
import { startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { startUpstream } from "./support/upstream.ts";

// Several processes a test: time for a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const canaries = {
  key: "sk-proj-canary-key-7d1a",
  admin: "sk-admin-canary-admin-4be2",
  file: "sk-canary-file-90c3",
  token: "canary-client-token-58f0c1",
  envFile: "sk-canary-dotenv-11aa",
  rule: "sk-canary-rule-22bb",
};

test("no key is in the environment or the arguments of the command, under any name", async () => {
  await using upstream = await startUpstream();
  using folder = createFolder({
    key: `${canaries.file}\n`,
    ".env": `OPENAI_API_KEY=${canaries.envFile}\n`,
  });
  const env = {
    OPENAI_API_KEY: canaries.key,
    OPENAI_ADMIN_KEY: canaries.admin,
    RELAY_TOKENS: canaries.token,
    RELAY_KEY_FILE: folder.at("key"),
    RELAY_KEY_COMMAND: "",
    RELAY_ENV_FILE: folder.at(".env"),
    RELAY_KEYS: '[{"name": "one", "env": "MY_RULE_KEY"}]',
    RELAY_API_KEY: canaries.key,
    MY_RULE_KEY: canaries.rule,
    MY_KEY: canaries.key,
    MY_FILE_KEY: canaries.file,
    MY_DOTENV_KEY: canaries.envFile,
    MY_TOKEN: canaries.token,
    OPENAI_CUSTOM_HEADERS: `X-Team: a\nAuthorization: Bearer ${canaries.admin}`,
    HARMLESS: "kept as it is",
  };
  const script =
    'curl -s "$OPENAI_BASE_URL/models" -H "Authorization: Bearer $MY_KEY"; echo " $$ $OPENAI_API_KEY"; read line';
  const args = ["run", "-v", "--upstream", upstream.url, "--", "bash", "-c", script];
  await using running = startCommand(args, { env });

  const [, pid, token] = await running.until("stdout", /^\{\} (\d+) (\S+)\n/);
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
  const told = [environment, readFileSync(`/proc/${pid}/cmdline`, "utf8")];
  const values = new Map(
    environment.split("\0").map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  );
  running.child.stdin!.end("\n");
  const { stdout, stderr } = await running.ended;

  // The key that upstream sees proves that the canaries were where the relay looks.
  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${canaries.file}`);
  for (const text of [...told, stdout, stderr]) expect(text).not.toContain("canary");
  for (const name of ["MY_KEY", "MY_FILE_KEY", "MY_DOTENV_KEY", "MY_RULE_KEY", "MY_TOKEN"])
    expect(values.get(name), name).toBe(token);
  expect(values.get("OPENAI_CUSTOM_HEADERS")).toBe(`X-Team: a\nAuthorization: Bearer ${token}`);
  expect(values.get("HARMLESS")).toBe(env.HARMLESS);
  expect([...values.keys()].filter((name) => name.startsWith("RELAY_"))).toEqual([
    "RELAY_UPSTREAM",
  ]);
  expect(values.has("OPENAI_ADMIN_KEY")).toBe(false);
});

test("a word that stands for a key is left alone elsewhere", async () => {
  const env = { OPENAI_API_KEY: "testing", NODE_ENV: "testing", WHERE: "/home/testing/x" };
  const args = ["run", "--mock", "--", "sh", "-c", 'echo "$NODE_ENV $WHERE $OPENAI_API_KEY"'];
  await using running = startCommand(args, { env });

  expect((await running.ended).stdout).toMatch(/^testing \/home\/testing\/x sk-relay-/);
});

test("under passthrough the command keeps its own key, which is what upstream gets", async () => {
  await using upstream = await startUpstream();
  const env = { OPENAI_API_KEY: canaries.key };
  const call = 'curl -s "$OPENAI_BASE_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"';
  const args = ["run", "--auth", "passthrough", "--upstream", upstream.url, "--", "sh", "-c", call];
  await using running = startCommand(args, { env });

  expect((await running.ended).stdout).toBe("{}");
  expect(upstream.seen[0]?.headers.authorization).toBe(`Bearer ${canaries.key}`);
});

describe("a proxy in the environment", () => {
  const access = { baseUrl: "http://127.0.0.1:1/v1", token: "sk-relay-x" };
  const exceptions = (env: NodeJS.ProcessEnv) => {
    const { NO_PROXY, no_proxy } = toClientEnvironment(env, access, []);
    return [NO_PROXY, no_proxy];
  };
  const proxy = { HTTPS_PROXY: "http://proxy:3128" };
  const own = "127.0.0.1,localhost";

  test.each([
    [{}, undefined, undefined],
    [{ NO_PROXY: "a.example" }, "a.example", undefined],
    [{ ...proxy }, own, own],
    [{ all_proxy: "http://proxy" }, own, own],
    [{ http_proxy: "" }, undefined, undefined],
    [
      { ...proxy, NO_PROXY: "a.example, b.example" },
      `a.example,b.example,${own}`,
      `a.example,b.example,${own}`,
    ],
    [{ ...proxy, no_proxy: "a.example" }, `a.example,${own}`, `a.example,${own}`],
    [{ ...proxy, NO_PROXY: "a", no_proxy: "b" }, `a,${own}`, `b,${own}`],
    [{ ...proxy, NO_PROXY: "localhost,127.0.0.1" }, "localhost,127.0.0.1", "localhost,127.0.0.1"],
    [{ ...proxy, NO_PROXY: "*" }, "*", "*"],
  ])("%j", (env, upper, lower) => {
    expect(exceptions(env)).toEqual([upper, lower]);
  });

  test("is not asked by curl, which would ask it otherwise", async () => {
    const asked: string[] = [];
    const server = createServer((req, res) => {
      asked.push(req.url!);
      res.writeHead(502).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const call =
      'curl -s -o /dev/null -w "%{http_code}" "$OPENAI_BASE_URL/models" -H "api-key: $OPENAI_API_KEY"';
    await using running = startCommand(["run", "--mock", "--", "sh", "-c", call], {
      env: { http_proxy: `http://127.0.0.1:${port}` },
    });

    const { stdout } = await running.ended;
    server.close();

    expect(stdout).toBe("200");
    expect(asked).toEqual([]);
  });
});

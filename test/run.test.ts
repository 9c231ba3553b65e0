import { existsSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { scriptRemarks, standInRemarks } from "../src/commands/stand-in.ts";
import { runCommand, startCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { load } from "./support/settings.ts";
import { runShell } from "./support/shell.ts";
import { startUpstream } from "./support/upstream.ts";

// Several processes a test: time for a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const key = { OPENAI_API_KEY: "sk-canary-5c1f" };
const run = (...args: string[]) => runCommand(["run", ...args]);
const models = 'curl -s -o /dev/null -w "%{http_code}\\n" "$OPENAI_BASE_URL/models"';
const withToken = `${models} -H "Authorization: Bearer $OPENAI_API_KEY"`;

test("the command's calls get the key, and nobody else's without its token are served", async () => {
  await using upstream = await startUpstream();
  const script = `${withToken}; echo "$OPENAI_BASE_URL"; read line`;
  const args = ["run", "--upstream", upstream.url, "--", "sh", "-c", script];
  await using running = startCommand(args, { env: key });

  const [, status, url] = await running.until("stdout", /^(\d+)\n(http\S+)\n/);
  const refused = await fetch(`${url}/models`);
  running.child.stdin!.end("\n");
  const { code, stderr } = await running.ended;

  expect(status).toBe("200");
  expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${key.OPENAI_API_KEY}`,
  ]);
  expect(refused.headers.get("x-relay-error")).toBe("invalid_relay_token");
  await expect(fetch(`${url}/models`)).rejects.toThrow();
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^relay: 2 calls, 1 error \(401 invalid_relay_token\), 0 B up, \d+ B down\nrelay: slowest \d+ ms, GET \/v1\/models\n$/,
  );
});

test.each([0, 1, 42, 255])("exit code %i of the command becomes the relay's", async (code) => {
  const ended = await run("--mock", "--", "sh", "-c", `echo out; echo err >&2; exit ${code}`);

  expect(ended).toEqual({ code, signal: null, stdout: "out\n", stderr: "err\nrelay: no calls\n" });
});

test("a file that lets the mock answer is told of, as is a script that nobody reads", async () => {
  using folder = createFolder({ "relay.config.json": { mock: true }, "script.yaml": "" });

  const { stderr } = await runCommand(["run", "--", "true"], { cwd: folder.path });
  const flags = { mockScript: folder.at("script.yaml") };

  expect(stderr).toBe(
    "relay: OpenAI is not asked: file ./relay.config.json sets mock.\nrelay: no calls\n",
  );
  expect(scriptRemarks(await load({ flags }))).toEqual([
    "mockScript is for the mock, which is off: set mock too.",
  ]);
  expect(scriptRemarks(await load({ flags: { ...flags, mock: true } }))).toEqual([]);
  using taped = createFolder({ "relay.config.json": { tape: "tapes" } });
  expect(standInRemarks(await load({ cwd: taped.path }))).toEqual([
    "OpenAI is not asked what the tape has: file ./relay.config.json sets tape.",
  ]);
});

describe("what cannot be run", () => {
  test.each([
    [["--", "no-such-command"], 127, "no-such-command: not found"],
    [["--", "./no-such-file"], 127, "./no-such-file: no such file"],
    [["--", "/tmp"], 126, "/tmp: permission denied"],
    [["--"], 2, 'name the command to run, such as "relay run -- npm test".'],
    [[], 2, 'name the command to run, such as "relay run -- npm test".'],
  ])("%j", async (args, code, why) => {
    const ended = await runCommand(["run", "--mock", ...args]);

    expect(ended).toEqual({ code, signal: null, stdout: "", stderr: `relay run: ${why}\n` });
  });

  test.each([
    ["plain text", 0o600, 126, "permission denied"],
    ["#!/no/such/interpreter\n", 0o700, 127, "the program in its first line is missing"],
  ])("%j with mode %o", async (content, mode, code, why) => {
    using folder = createFolder();
    const script = folder.write("script", content, mode);

    const ended = await run("--mock", "--", script);

    expect(ended).toMatchObject({ code, stderr: `relay run: ${script}: ${why}\n` });
  });
});

test.each([
  [["--port", "http"], {}, 2, /port/],
  [["--prot", "1"], {}, 2, /--port/],
  [["--key-file", "-"], {}, 2, /standard input/],
  [[], { RELAY_TIMEOUTS_CONNECT: "soon" }, 3, /RELAY_TIMEOUTS_CONNECT/],
  [["--tls-cert", "missing.pem"], {}, 2, /missing\.pem/],
])("with %j and %j nothing is run", async (args, env, code, says) => {
  using folder = createFolder();
  const ended = await runCommand(["run", ...args, "--", "touch", folder.at("ran")], { env });

  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe("");
  expect(ended.stderr).toMatch(says);
  expect(existsSync(folder.at("ran"))).toBe(false);
});

test("a port that was asked for and is taken: nothing is run, exit 1", async () => {
  await using upstream = await startUpstream();

  const { code, stdout, stderr } = await run(
    "--mock",
    "-p",
    `${upstream.port}`,
    "--",
    "echo",
    "ran",
  );

  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain(`Port ${upstream.port} is in use`);
});

test.each([
  ["run --mock sh -c 'echo $#' a -b --quiet -- c", "4\n"],
  ["run --mock -- sh -c 'echo $#' a -b --quiet -- c", "4\n"],
  ["run --mock --quiet -- printf '%s,' -- --help", "--,--help,"],
  ["run --mock -- cat <(echo substituted)", "substituted\n"],
])("arguments arrive as they are: relay %s", async (line, stdout) => {
  expect(await runShell(`relay ${line}`)).toMatchObject({ code: 0, stdout });
});

test("without a key it says so once, and calls get 401 key_missing", async () => {
  const { code, stderr } = await run("--no-keychain", "--", "sh", "-c", `${withToken} >&2`);

  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^relay: The relay has no API key\. .*\n401\nrelay: 1 call, 1 error \(401 key_missing\), .*\n.*\n$/,
  );
});

test("--quiet prints nothing, and --log-level brings the log", async () => {
  const command = ["--", "sh", "-c", withToken];

  const quiet = await run("--mock", "--quiet", ...command);
  const loud = await run("--mock", "--log-level", "info", ...command);

  expect(quiet.stderr).toBe("");
  expect(loud.stderr).toMatch(/"path":"\/v1\/models","status":200/);
  expect(loud.stderr).toMatch(/^relay: 1 call, 0 B up/m);
});

test("two at once do not meet", async () => {
  const script = 'echo "$OPENAI_BASE_URL $OPENAI_API_KEY"; read line';
  const start = () => startCommand(["run", "--mock", "--", "sh", "-c", script]);
  await using one = start();
  await using other = start();

  const [, url, token] = await one.until("stdout", /^(\S+) (\S+)\n/);
  const [, otherUrl, otherToken] = await other.until("stdout", /^(\S+) (\S+)\n/);
  const ask = async (at: string, as: string) =>
    (await fetch(`${at}/models`, { headers: { authorization: `Bearer ${as}` } })).status;

  expect(url).not.toBe(otherUrl);
  expect(await Promise.all([ask(url!, token!), ask(otherUrl!, otherToken!)])).toEqual([200, 200]);
  expect(await Promise.all([ask(url!, otherToken!), ask(otherUrl!, token!)])).toEqual([401, 401]);
});

test("a relay inside another's command goes through that one", async () => {
  await using upstream = await startUpstream();
  const inner = `relay run -- sh -c '${withToken}'`;

  const { stdout, stderr } = await runShell(
    `relay run --upstream ${upstream.url} -- ${inner}`,
    key,
  );

  expect(stdout).toBe("200\n");
  expect(upstream.seen.map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${key.OPENAI_API_KEY}`,
  ]);
  expect(stderr.match(/^relay: 1 call, \d/gm)).toHaveLength(2);
});

test("neither an address in the environment nor a relay that has its port is in the way", async () => {
  const env = { RELAY_PORT: "1", RELAY_HOST: "::1" };

  const { code, stdout } = await runCommand(["run", "--mock", "--", "sh", "-c", withToken], {
    env,
  });

  expect(code).toBe(0);
  expect(stdout).toBe("200\n");
});

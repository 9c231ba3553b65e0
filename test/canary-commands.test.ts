import { beforeAll, describe, expect, test, vi } from "vitest";
import { canaries, filesBelow, leaksIn, tellingScript } from "./support/canaries.ts";
import { type Ended, runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { standInFor } from "./support/keychain.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

// Each test starts programs, and CI machines are slow.
vi.setConfig({ testTimeout: 30_000 });

const { key, admin, file, command, dotenv, rule, token, plainToken } = canaries;
const shell = (script: string) => JSON.stringify(["sh", "-c", script]);

let upstream: Upstream;
beforeAll(async () => {
  // Echoes the key where OpenAI would, in an error that `check` reads.
  upstream = await startUpstream((req, res) => {
    const error = { message: `Incorrect API key provided: ${req.headers.authorization}` };
    if (req.url === "/v1/x") res.end("{}");
    else res.writeHead(401).end(JSON.stringify({ error }));
  });
  return () => upstream[Symbol.asyncDispose]();
});

const everywhere = {
  ...{ OPENAI_API_KEY: key, OPENAI_ADMIN_KEY: admin, RULE_KEY: rule },
  RELAY_TOKENS: `${token},${plainToken}`,
  RELAY_KEYS: JSON.stringify([{ name: "one", env: "RULE_KEY" }]),
};

/** Runs a command among files; what it wrote anywhere, and what its children could see. */
async function observe(
  args: string[],
  { env = {}, files = {}, input = "" }: Staged = {},
): Promise<{ ended: Ended; leaks: string[]; seen: string }> {
  using home = createFolder({ "project/package.json": {} });
  using inputs = createFolder({ ...files, file });
  using seen = createFolder();
  using keychain = standInFor("linux");
  const speaking = inputs.write(
    "speaking",
    tellingScript(seen.at("told"), `echo '${command}'`),
    0o700,
  );
  const silent = inputs.write("silent", tellingScript(seen.at("told"), ""), 0o700);
  const at = (text: string) =>
    text
      .replaceAll("INPUTS", inputs.path)
      .replaceAll("SPEAKING", speaking)
      .replaceAll("SILENT", silent)
      .replaceAll("UP", upstream.url);
  const given = { ...everywhere, PATH: process.env.PATH, ...env };
  const ended = await runCommand(args.map(at), {
    env: {
      ...{ ...keychain.env, HOME: home.path },
      ...Object.fromEntries(Object.entries(given).map(([name, text]) => [name, at(text ?? "")])),
      ...(env.PATH === undefined && { PATH: keychain.env.PATH }),
    },
    cwd: home.at("project"),
    input,
  });
  const artefacts = [
    { where: "stdout", text: ended.stdout },
    { where: "stderr", text: ended.stderr },
    { where: "calls of the keychain", text: JSON.stringify(keychain.calls) },
    ...filesBelow(home.path),
    ...filesBelow(seen.path),
  ];
  const told = artefacts.map(({ text }) => text).join("\n");
  return { ended, leaks: leaksIn(artefacts), seen: told };
}

type Staged = { env?: NodeJS.ProcessEnv; files?: Record<string, unknown>; input?: string };

describe("no secret is written", () => {
  test.each<[string, string[], number, Staged?]>([
    ["by check", ["check", "--upstream", "UP"], 4],
    ["by check --json", ["check", "--json", "--upstream", "UP"], 4],
    ["by check of nothing", ["check", "-v", "--upstream", "http://127.0.0.1:1"], 7],
    ["by check without TLS", ["check", "--upstream", "https://localhost:1"], 7],
    ["by curl", ["curl", "/v1/x", "-s", "-o", "out", "--upstream", "UP"], 0],
    ["by curl that fails", ["curl", "/v1/x", "-v", "--upstream", "http://127.0.0.1:1"], 7],
    ["by curl --print-curl", ["curl", "/v1/x", "--print-curl", "--upstream", "UP"], 0],
    ["by run", ["run", "-v", "--upstream", "UP", "--", "SILENT"], 0],
    ["by run without a program", ["run", "--", "no-such-program"], 127],
    ["by key status", ["key", "status"], 0],
    ["by key status --json", ["key", "status", "--json", "--key-file", "INPUTS/file"], 0],
    ["by key set", ["key", "set"], 0, { input: canaries.keychain }],
    ["by key set of two words", ["key", "set"], 4, { input: `a ${canaries.keychain}` }],
    ["by key set as an argument", ["key", "set", key, `--${admin}`], 2],
    ["by key rm", ["key", "rm", "--admin"], 0],
    ["by token ls", ["token", "ls"], 0],
    ["by token rm", ["token", "rm", canaries.stored], 2],
    ["by token new", ["token", "new", "--name", canaries.stored], 2],
    ["by config show", ["config", "show", "--origin"], 0],
    ["by config show --json", ["config", "show", "--json"], 0],
    ["by config path", ["config", "path"], 0],
    ["by config schema", ["config", "schema"], 0],
    ["by config init", ["config", "init"], 0],
    ["by tls", ["tls"], 0],
    ["by completion", ["completion", "bash"], 0],
    ["by completing a line", ["complete", "--", "start", "--key-file", key], 0],
    ["by a bad line to complete", ["completion", key], 2],
    ["by an unknown option", ["start", `--api-key=${key}`], 2],
    ["by an unknown command", [key, canaries.ephemeral], 2],
    ["by a stray argument", ["config", "show", key], 2],
    ["by a bad upstream", ["start", "--upstream", `https://me:${key}@x`], 2],
    ["by a bad relay", ["check", "--relay", `ftp://${key}`], 2],
    ["of a command for it", ["key", "status"], 0, { env: { RELAY_KEY_COMMAND: '["SPEAKING"]' } }],
    [
      "of a command that fails",
      ["check", "--upstream", "UP"],
      4,
      { env: { RELAY_KEY_COMMAND: shell(`echo '${command}'; echo '${command}' >&2; exit 3`) } },
    ],
    [
      "of a command that says too much",
      ["curl", "/v1/x", "--upstream", "UP"],
      0,
      { env: { RELAY_KEY_COMMAND: shell(`echo 'key: ${command}'`) } },
    ],
    [
      "of a key file with more in it",
      ["check", "--key-file", "INPUTS/two", "--upstream", "UP"],
      4,
      { files: { two: `OPENAI_API_KEY=${file}\n` } },
    ],
    [
      "of a .env file",
      ["curl", "/v1/x", "-sv", "-o", "out", "--dotenv", "INPUTS/dot", "--upstream", "UP"],
      0,
      { files: { dot: `OPENAI_API_KEY='${dotenv}\n${dotenv}'\nOPENAI_API_KEY=${dotenv}\n` } },
    ],
    ["of a key as a file's name", ["start", "--key-file", key], 2],
    ["of a key in the wrong variable", ["start"], 3, { env: { RELAY_PORT: key } }],
    [
      "of a variable that is none",
      ["config", "show"],
      0,
      { env: { RELAY_API_KEY: key, RELAY_TOKEN: token } },
    ],
  ])("%s", async (_by, args, code, staged) => {
    const { ended, leaks, seen } = await observe(args, staged);

    expect(leaks).toEqual([]);
    expect(ended, seen).toMatchObject({ code });
  });

  const wrong = {
    "key.json": { apiKey: key, tokens: `${token}`, upstream: key, [key]: 1 },
    "list.json": [key],
    "broken.json": `{ "tokens": ["${token}"], "apiKey": ${key} }`,
    "cut.json": `{ "apiKey": "${key}`,
    "broken.yaml": `apiKey: ${file}\n  tokens: [${token}`,
    "alias.yaml": `port: *${file}\n`,
    "tag.yaml": `port: !<tag:${file}> 1\n`,
    "twice.yaml": `${file}: 1\n${file}: 2\n`,
    "thrown.cjs": `throw new Error("no such key: ${file}");`,
    "missing.cjs": `require("${file}");`,
    "syntax.cjs": `const key = "${file}`,
    "values.json": {
      log: { level: file },
      keyCommand: [file, 7],
      keys: [{ name: file, env: file }],
    },
    "token.json": { tokens: [`${token} with a space`], proxy: `http://a:${token}@`, host: file },
  };

  test.each(Object.entries(wrong))("of a config file such as %s", async (name, content) => {
    const args = ["start", "--config", `INPUTS/${name}`];

    const { ended, leaks } = await observe(args, { files: { [name]: content } });

    expect(leaks).toEqual([]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/\.(?:json|yaml|cjs)/);
  });
});

test("all these were where the relay looks for them", async () => {
  const before = upstream.seen.length;
  const call = ["curl", "/v1/x", "-s", "-o", "out", "--upstream", "UP"];

  await observe(call, { env: { RELAY_KEYS: "" } });
  await observe(call, { env: { RELAY_KEYS: "", RELAY_KEY_COMMAND: '["SPEAKING"]' } });
  await observe([...call, "--key-file", "INPUTS/file"], { env: { RELAY_KEYS: "" } });
  const { seen } = await observe(["run", "--upstream", "UP", "--", "SILENT"]);

  const sent = upstream.seen.slice(before).map(({ headers }) => headers.authorization);
  expect(sent).toEqual([`Bearer ${key}`, `Bearer ${command}`, `Bearer ${file}`]);
  expect(seen).toContain("OPENAI_BASE_URL=http://127.0.0.1:");
});

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formats } from "../src/config/write.ts";
import { runCommand } from "./support/command.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startTerminal } from "./support/shell.ts";

const enter = "\r";
const down = "\u001b[B";
const erase = "\u0015";

/** The questions of `relay config init`, each with the keys that answer it. */
type Answers = [question: RegExp, keys: string][];

const usual: Answers = [
  [/Where does the API key come from/, enter],
  [/Where do requests go/, enter],
  [/On which port/, enter],
  [/Who may use the relay/, enter],
];

/** `relay config init` on a terminal, answered. */
async function initialize(folder: Folder, answers: Answers, args = "") {
  const env = { HOME: folder.at("home"), TERM: "xterm" };
  const line = `stty cols 90 rows 40 && cd ${folder.path} && relay config init ${args}`;
  await using terminal = startTerminal(line, env);
  for (const [question, keys] of answers) {
    // The last line of a question is there once it waits for an answer.
    await terminal.until(
      "stdout",
      new RegExp(`${question.source}[\\s\\S]*└|└ +${question.source}`),
    );
    terminal.child.stdin!.write(keys);
  }
  return await terminal.ended;
}

/** `relay config show` there, by setting. */
async function show(folder: Folder) {
  const env = { HOME: folder.at("home"), OPENAI_API_KEY: "sk-12345678" };
  const shown = await runCommand(["config", "show", "--json"], { cwd: folder.path, env });
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(shown.stdout);
}

test("on a terminal it asks, and Enter takes the defaults", async () => {
  using folder = createFolder();
  const { code, stdout } = await initialize(folder, usual);

  expect(code).toBe(0);
  expect(stdout).toMatch(/\.\/relay\.config\.json\r\n$/);
  expect(await show(folder)).toMatchObject({
    port: { value: 8484, origin: "file ./relay.config.json" },
    host: { value: "127.0.0.1", origin: "default" },
  });
});

test("what was answered is in the file, trusted, and loads", async () => {
  using folder = createFolder({ ".env": "OPENAI_API_KEY=sk-12345678\n" });
  const { code } = await initialize(folder, [
    [/Where does the API key come from/, down + down + down + enter],
    [/Which file/, enter],
    [/Where do requests go/, `${erase}https://gateway.example${enter}`],
    [/On which port/, `${erase}9000${enter}`],
    [/Who may use the relay/, enter],
  ]);

  expect(code).toBe(0);
  expect(await show(folder)).toMatchObject({
    envFile: { value: folder.at(".env") },
    upstream: { value: "https://gateway.example", origin: "file ./relay.config.json" },
    port: { value: 9000 },
  });
});

test("opening it to other machines comes with a token", async () => {
  using folder = createFolder();
  const answers: Answers = [...usual.slice(0, -1), [/Who may use the relay/, down + down + enter]];
  const { stdout } = await initialize(folder, answers);

  expect(stdout).toMatch(/lets a client in \("client-1"\), shown this once: relay_[\w-]{43}\r\n/);
  expect(await show(folder)).toMatchObject({ host: { value: "0.0.0.0" } });
});

test("an answer that cannot be is asked for again", async () => {
  using folder = createFolder();
  const { code } = await initialize(folder, [
    ...usual.slice(0, 2),
    [/On which port/, `${erase}70000${enter}`],
    [/It must be a whole number from 0 to 65535/, `${erase}7000${enter}`],
    [/Who may use the relay/, enter],
  ]);

  expect(code).toBe(0);
  expect((await show(folder)).port.value).toBe(7000);
});

test("Ctrl+C writes nothing", async () => {
  using folder = createFolder();
  const { code, stdout } = await initialize(folder, [[/Where does the API key/, "\u0003"]]);

  expect(code).toBe(130);
  expect(stdout).toContain("Nothing was written.");
  expect(folder.has("relay.config.json")).toBe(false);
});

test.each(["", "--yes"])("init %s asks nothing where there is a file already", async (args) => {
  using folder = createFolder({ "openai-relay.config.yaml": "port: 1\n" });
  const { code, stdout } = await initialize(folder, [], args);

  expect({ code, stdout }).toEqual({
    code: 3,
    stdout: "./openai-relay.config.yaml is there already\r\n",
  });
});

describe.each(formats)("--format %s", (format) => {
  test("loads without complaint and needs no trust", async () => {
    using folder = createFolder();
    const args = ["config", "init", "--yes", "--format", format];
    const { code, stdout, stderr } = await runCommand(args, { cwd: folder.path });

    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `./relay.config.${format}\n`,
      stderr: "",
    });
    expect((await show(folder))["timeouts.connect"]).toEqual({
      value: 10_000,
      origin: `file ./relay.config.${format}`,
    });
    expect(readFileSync(folder.at(`relay.config.${format}`), "utf8")).toContain(
      "node_modules/openai-relay/dist/config.schema.json",
    );
  });
});

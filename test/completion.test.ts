import { describe, expect, test } from "vitest";
import { complete } from "../src/completion/complete.ts";
import { createProgram } from "../src/program.ts";
import { runCommand } from "./support/command.ts";
import { createFolder } from "./support/folder.ts";
import { has, runShell, startTerminal } from "./support/shell.ts";

/** What the last of the words may become, and whether it may be a file. */
async function completionsOf(...words: string[]) {
  const lines = complete(await createProgram(words.slice(0, 1)), words)
    .trimEnd()
    .split("\n");
  const files = { ":0": true, ":4": false }[lines.pop()!];
  return { values: lines.map((line) => line.split("\t")[0]!), files };
}

describe("what a word may become", () => {
  test.each([
    [["st"], ["start"]],
    [["co"], ["cost", "config", "completion"]],
    [
      ["token", ""],
      ["new", "ls", "rm", "help"],
    ],
    [["token", "n"], ["new"]],
    [
      ["start", "--tl"],
      ["--tls", "--tls-cert", "--tls-key"],
    ],
    [
      ["start", "--tls", ""],
      ["auto", "off"],
    ],
    [["start", "--tls=o"], ["off"]],
    [["start", "--tls", "=", "o"], ["off"]],
    [
      ["start", "--tls", "="],
      ["auto", "off"],
    ],
    [["start", "--port", ""], []],
    [["check", "--log-level", "de"], ["debug"]],
    [["run", "--mock", "--log-fo"], ["--log-format"]],
    [
      ["config", "show", "--o"],
      ["--other-users", "--on-miss", "--otlp-endpoint", "--organization", "--origin"],
    ],
    [["config", "get", "timeouts.c"], ["timeouts.connect"]],
    [
      ["config", "init", "--format", ""],
      ["json", "yaml"],
    ],
    [
      ["completion", ""],
      ["bash", "zsh", "fish", "powershell"],
    ],
    [["nonsense", ""], []],
  ])("%j", async (words, values) => {
    const found = await completionsOf(...words);

    expect(found.values.toSorted()).toEqual(values.toSorted());
    expect(found.files).toBe(false);
  });

  test.each([
    [["start", "--key-file", ""]],
    [["start", "--socket", "/tm"]],
    [["start", "--config", ""]],
    [["curl", "-o", ""]],
    [["config", "trust", ""]],
    [["run", "--", "py"]],
    [["run", "--mock", "--", "cat", "--"]],
  ])("%j: a file", async (words) => {
    expect(await completionsOf(...words)).toEqual({ values: [], files: true });
  });

  test("every setting with a flag", async () => {
    const { values } = await completionsOf("start", "-");

    expect(values).toEqual(expect.arrayContaining(["--upstream", "--no-websocket", "--help"]));
    expect(values).not.toContain("--no-mock");
  });
});

test("token rm knows the tokens that there are", async () => {
  using folder = createFolder();
  const env = { HOME: folder.path };
  for (const name of ["ci", "laptop"]) await runCommand(["token", "new", "--name", name], { env });

  expect(await runCommand(["complete", "--", "token", "rm", ""], { env })).toMatchObject({
    code: 0,
    stdout: "ci\t\nlaptop\t\n:4\n",
    stderr: "",
  });
});

test.each([[[""]], [["start", "--"]]])("an answer to %j comes at once", async (words) => {
  const ask = () => runCommand(["complete", "--", ...words]);
  await ask();
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const { code, stderr } = await ask();
    times.push(performance.now() - started);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }

  // From source, on a busy machine; the published file takes a fraction of it.
  expect(Math.min(...times)).toBeLessThan(1_000);
});

describe("bash", () => {
  /** What bash would offer after a line is typed, by its own rules. */
  const offered = async (line: string, before = "") => {
    const words = line.split(" ").map((word) => `'${word}'`);
    const { code, stdout, stderr } = await runShell(`
      eval "$(relay completion bash)"
      ${before}
      compopt() { :; }
      COMP_WORDS=(${words.join(" ")}) COMP_CWORD=${words.length - 1} COMP_LINE='${line}'
      _relay
      printf '%s\\n' "\${COMPREPLY[@]}"`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.trimEnd().split("\n");
  };

  test.each([
    ["relay ch", ["check"]],
    ["openai-relay tok", ["token"]],
    ["relay start --tls ", ["auto", "off"]],
    ["relay start --log-level de", ["debug"]],
    ["relay start --key-file ", [""]],
  ])("%s", async (line, values) => {
    expect(await offered(line)).toEqual(values);
  });

  test("runs nothing of what is typed, and writes no file", async () => {
    using folder = createFolder();
    const ran = folder.at("ran");
    const lines = [`relay curl $(touch ${ran}) --`, `relay config show > ${ran} `];
    for (const line of lines) await offered(line);

    expect(folder.has("ran")).toBe(false);
  });

  test("on a terminal, with files where a file is meant", async () => {
    using folder = createFolder({ "secret.key": "x" });
    await using terminal = startTerminal("PS1='ready> ' bash --norc --noprofile -i", {
      HOME: folder.path,
    });
    const type = (text: string) => terminal.child.stdin!.write(text);
    await terminal.until("stdout", /ready> /);
    type(`cd ${folder.path} && eval "$(relay completion bash)" && echo lo""aded\n`);
    await terminal.until("stdout", /loaded[\s\S]*ready> /);
    type("relay comp\t");
    await terminal.until("stdout", /relay completion /);
    type("\u0015relay start --key-f\t");
    await terminal.until("stdout", /relay start --key-file /);
    type("sec\t");
    await terminal.until("stdout", /--key-file secret\.key /);
  });
});

describe.skipIf(!has("fish"))("fish", () => {
  const offered = async (line: string) => {
    const { stdout, stderr } = await runShell(
      `fish --no-config -c 'relay completion fish | source; complete --do-complete "${line}"'`,
    );
    expect(stderr).toBe("");
    return stdout.trimEnd().split("\n");
  };

  test.each([
    ["relay ch", ["check\tfind out why calls to OpenAI fail"]],
    ["openai-relay tok", ["token\tmanage tokens that let clients in"]],
    ["relay start --tls ", ["auto", "off"]],
    ["relay start --tls=o", ["--tls=off"]],
  ])("%s", async (line, values) => {
    expect(await offered(line)).toEqual(values);
  });

  test("files where a file is meant", async () => {
    using folder = createFolder({ "secret.key": "x" });

    expect(await offered(`relay start --key-file ${folder.path}/`)).toEqual([
      `${folder.path}/secret.key`,
    ]);
  });
});

describe.skipIf(!has("zsh"))("zsh", () => {
  test("on a terminal", async () => {
    using folder = createFolder({ "secret.key": "x" });
    await using terminal = startTerminal("stty cols 100 rows 40; PS1='ready> ' zsh -f -i", {
      HOME: folder.path,
      TERM: "xterm",
    });
    const type = (text: string) => terminal.child.stdin!.write(text);
    await terminal.until("stdout", /ready> /);
    type(`cd ${folder.path}; autoload -U compinit && compinit -u -D; `);
    type(`eval "$(relay completion zsh)"; print lo""aded\r`);
    await terminal.until("stdout", /loaded[\s\S]*ready> /);
    type("relay comp\t");
    await terminal.until("stdout", /loaded[\s\S]*relay completion/);
    type("\u0015relay start --key-f\t");
    await terminal.until("stdout", /relay start --key-file/);
    type("sec\t");
    await terminal.until("stdout", /secret\.key/);
  });
});

test("PowerShell gets a script of its own", async () => {
  const { code, stdout, stderr } = await runCommand(["completion", "powershell"]);

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const name of ["relay", "openai-relay"])
    expect(stdout).toContain(`Register-ArgumentCompleter -CommandName '${name}' -ScriptBlock`);
});

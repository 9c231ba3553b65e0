import type { Command } from "commander";
import { describe, expect, test, vi } from "vitest";
import { pathOf } from "../src/help.ts";
import { commandNames, createProgram } from "../src/program.ts";
import { runCommand } from "./support/command.ts";
import { runShell, startTerminal } from "./support/shell.ts";

/** A command and all below it. */
function withAll(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}

const commands = withAll(await createProgram(commandNames)).map((command) => {
  return [pathOf(command), command] as const;
});

/** What --help prints where lines have so many columns. */
function helpOf(command: Command, columns: number): string {
  let text = "";
  vi.stubEnv("COLUMNS", String(columns));
  vi.stubEnv("NO_COLOR", "1");
  const write = vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += part;
    return true;
  });
  try {
    command.outputHelp();
  } finally {
    write.mockRestore();
    vi.unstubAllEnvs();
  }
  return text;
}

describe.each(commands)("%s --help", (path, command) => {
  test.each([80, 100, 120])("fits, with whole words, into %i columns", (columns) => {
    const help = helpOf(command, columns);

    expect(help.split("\n").filter((line) => line.length > columns)).toEqual([]);
    expect(help.split(/\s+/)).toEqual(helpOf(command, 90).split(/\s+/));
  });

  test("shows how to use it, and examples at the end", () => {
    const help = helpOf(command, 80);

    expect(help).toMatch(new RegExp(`^Usage: ${path}( |$)`, "m"));
    expect(help).toMatch(/\n\nExamples:\n {2}\S/);
    expect(help).toMatch(/-h, --help +Print this help\n/);
  });
});

test("values that an option takes are told, and every description begins as a sentence does", () => {
  const helps = new Map(commands.map(([path, command]) => [path, helpOf(command, 80)]));

  expect(helps.get("relay cost")).toContain("A line for each: day, model, tag, client, command");
  expect(helps.get("relay journal rm")).toContain("Which; or say it by");
});

test("lines are as wide as the terminal, and headings bold there", async () => {
  await using terminal = startTerminal("stty cols 100 && relay tls --help", {
    TERM: "xterm-256color",
    NO_COLOR: "",
  });
  const { stdout } = await terminal.ended;
  await using plain = startTerminal("relay tls --help", { TERM: "xterm-256color" });

  expect(stdout).toContain("\u001b[1mUsage:\u001b[22m relay tls");
  expect(stdout).toContain("\u001b[1mExamples:\u001b[22m");
  expect(stdout).toContain('prints is set. "relay start" uses it by itself.\r\n');
  expect((await plain.ended).stdout).not.toContain("\u001b");
});

test("colours follow NO_COLOR and FORCE_COLOR, the first before the second", async () => {
  const helpWith = (env: NodeJS.ProcessEnv) => runCommand(["--help"], { env });
  const plain = await helpWith({ NO_COLOR: "" });
  const forced = await helpWith({ NO_COLOR: "", FORCE_COLOR: "1" });
  const both = await helpWith({ NO_COLOR: "1", FORCE_COLOR: "1" });

  expect(plain.stdout).not.toContain("\u001b");
  expect(forced.stdout).toContain("\u001b[1mCommands:\u001b[22m");
  expect(both).toEqual({ ...plain, stderr: "" });
});

test.each([
  [
    ["help", "token", "rm"],
    ["token", "rm", "--help"],
  ],
  [
    ["help", "check"],
    ["check", "--help"],
  ],
  [["help"], ["--help"]],
  [[], ["--help"]],
  [
    ["token", "help", "rm"],
    ["token", "rm", "--help"],
  ],
])("relay %j is relay %j", async (args, same) => {
  expect(await runCommand(args)).toEqual(await runCommand(same));
});

test.each([
  [["chek"], /unknown command 'chek'\n\(Did you mean check\?\)/],
  [["help", "chek"], /unknown command 'chek'\n\(Did you mean check\?\)/],
  [["token", "nwe"], /unknown command 'nwe'\n\(Did you mean new\?\)/],
  [["start", "--prot", "1"], /unknown option '--prot'\n\(Did you mean --port\?\)/],
  [["start", "--tls", "autp"], /"tls" is "autp".*one of auto, off.*Did you mean "auto"\?/],
  [["config", "get", "timeout.conect"], /Did you mean "timeouts.connect"\?/],
  [["completion", "bsh"], /Allowed choices are bash, zsh, fish, powershell/],
])("relay %j exits with 2 and says what was meant", async (args, message) => {
  const { code, stdout, stderr } = await runCommand(args);

  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("what follows an error is where to look, not the whole help", async () => {
  const { stderr } = await runCommand(["token", "rm"]);

  expect(stderr).toBe(
    `error: missing required argument 'name'\n"relay token rm --help" shows what there is.\n`,
  );
});

test.each(["relay --help | true", "relay start --help | head -1", "relay config show | head -1"])(
  "%s ends quietly",
  async (line) => {
    const { code, stderr } = await runShell(`set -o pipefail; ${line}`);

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  },
);

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manPage } from "../bin/man.ts";
import { allSettings, flagOf, variableOf } from "../src/config/names.ts";
import { commandNames, createProgram } from "../src/program.ts";
import { createFolder } from "./support/folder.ts";
import { has } from "./support/shell.ts";

const program = await createProgram(commandNames);
const start = program.commands.find((command) => command.name() === "start")!;
const page = manPage(program, start);

test("it has every command, and every setting that has a flag", () => {
  const plain = page.replaceAll("\\-", "-");

  for (const name of commandNames) expect(plain).toContain(`.SS "relay ${name} `);
  for (const [path, { noFlag }] of allSettings) {
    if (noFlag) continue;
    expect(plain, path).toMatch(
      new RegExp(`^\\.B .*${flagOf(path).replace("--", "--(no-)?")}\\b`, "m"),
    );
    expect(plain, path).toContain(variableOf(path));
  }
});

test("no line is a command of roff by accident, and none is long", () => {
  const macros = /^\.(?:TH|SH|SS|TP|PP|B|BR|I|nf|fi)(?: |$)/;
  const lines = page.trimEnd().split("\n");

  expect(lines.filter((line) => /^[.']/.test(line) && !macros.test(line))).toEqual([]);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
});

describe.skipIf(!has("groff"))("groff", () => {
  test("sets it without a warning", () => {
    const args = ["-ww", "-man", "-Tutf8", "-P-cbou"];
    const { status, stdout, stderr } = spawnSync("groff", args, { input: page, encoding: "utf8" });

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("relay start --mock");
    expect(stdout).toContain("curl --retry 3 -w '%{time_starttransfer}\\n'");
  });
});

test.skipIf(!has("mandoc"))("mandoc misses nothing but a date", () => {
  using folder = createFolder({ "relay.1": page });
  const args = ["-Tlint", "-Wwarning", folder.at("relay.1")];
  const { stdout } = spawnSync("mandoc", args, { encoding: "utf8" });

  expect(stdout.replace(/^.*missing date.*\n/, "")).toBe("");
});

test("npm installs it under both names", () => {
  const root = join(import.meta.dirname, "..");
  const { man } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

  expect(man).toEqual(["dist/relay.1", "dist/openai-relay.1"]);
  expect(readFileSync(join(root, man[0]), "utf8")).toMatch(/^\.TH RELAY 1 /);
  expect(readFileSync(join(root, man[1]), "utf8")).toBe(".so man1/relay.1\n");
});

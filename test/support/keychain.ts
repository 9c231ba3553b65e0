import { existsSync, readFileSync } from "node:fs";
import { createFolder } from "./folder.ts";

/** What a stand-in does: keeps each item in a file of its folder, and writes down how it was called. */
const script = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const folder = FOLDER;
const [tool, ...args] = [TOOL, ...process.argv.slice(2)];
const all = args.join(" ");
appendFileSync(folder + "/calls", JSON.stringify({ args, env: process.env }) + "\\n");

function items() { return JSON.parse(existsSync(folder + "/items") ? readFileSync(folder + "/items") : "{}"); }
function keep(change) { writeFileSync(folder + "/items", JSON.stringify({ ...items(), ...change })); }
function give(account, code) {
  const found = items()[account];
  if (found === undefined) process.exit(code);
  process.stdout.write(found);
}
const input = () => readFileSync(0, "utf8");
const accountIn = (text) => /(?:api|admin)-key/.exec(text)[0];

if (tool === "secret-tool") {
  if (args[0] === "lookup") give(accountIn(all), 1);
  else keep({ [accountIn(all)]: args[0] === "store" ? input() : undefined });
} else if (tool === "security") {
  if (args[0] === "-i") {
    const line = input();
    keep({ [accountIn(line)]: Buffer.from(/-X ([0-9a-f]+)\\n$/.exec(line)[1], "hex").toString() });
  } else if (args[0] === "find-generic-password") give(accountIn(all), 44);
  else if (args[0] === "delete-generic-password") keep({ [accountIn(all)]: undefined });
} else {
  if (all.includes("$vault.Add(")) keep({ [accountIn(all)]: input() });
  else if (all.includes("$vault.Remove(")) keep({ [accountIn(all)]: undefined });
  else give(accountIn(all), 44);
}
`;

const programs = {
  linux: "secret-tool",
  darwin: "security",
  win32: "System32/WindowsPowerShell/v1.0/powershell.exe",
} as const;

export type StandIn = Disposable & {
  /** An environment in which the system's tool is the stand-in. */
  env: NodeJS.ProcessEnv;
  /** What is kept, by account. */
  readonly items: Record<string, string>;
  /** Arguments and environment of each call, in order. */
  readonly calls: { args: string[]; env: NodeJS.ProcessEnv }[];
};

/** A small program in the place of the system's tool for keychains; it knows only how the relay calls it. */
export function standInFor(platform: keyof typeof programs): StandIn {
  const folder = createFolder();
  const program = programs[platform];
  const text = script
    .replace("TOOL", () => JSON.stringify(program))
    .replace("FOLDER", () => JSON.stringify(folder.path));
  folder.write(program, text, 0o755);
  const read = (name: string) =>
    existsSync(folder.at(name)) ? readFileSync(folder.at(name), "utf8") : "";
  return {
    env: { PATH: `${folder.path}:${process.env.PATH}`, SystemRoot: folder.path },
    get items() {
      return JSON.parse(read("items") || "{}");
    },
    get calls() {
      return read("calls")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

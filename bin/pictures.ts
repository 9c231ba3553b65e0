import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toPicture } from "./terminal-picture.ts";

// npm run pictures: the terminal pictures of the README, from what the commands really print on a
// terminal of 90 columns, and those of the inspector. Needs Linux's `script`, and Chromium.

const root = join(import.meta.dirname, "..");
const relay = `${process.execPath} ${join(root, "bin/openai-relay.cjs")}`;
const home = mkdtempSync(join(tmpdir(), "relay-pictures-"));
const env = {
  PATH: process.env.PATH,
  HOME: home,
  TERM: "xterm-256color",
  OPENAI_API_KEY: "sk-proj-of-the-picture-Ab3d",
};
const ask = `
  const { OPENAI_BASE_URL: url, OPENAI_API_KEY: key } = process.env;
  const headers = { authorization: "Bearer " + key, "content-type": "application/json" };
  for (const call of [["/models"], ["/responses", { model: "gpt-5", input: "Say hello" }]]) {
    const init = call[1] ? { method: "POST", headers, body: JSON.stringify(call[1]) } : { headers };
    const answer = await fetch(url + call[0], init);
    const { output } = await answer.json();
    if (output) console.log(output.at(-1).content[0].text);
  }
`;
writeFileSync(join(home, "hello.mjs"), ask);

const mock = await onTerminal(`${relay} start --mock --no-config --port 0 --log-level silent`);
const url = await mock.until(/^(http:\/\/\S+)\/v1\r?$/m);

await draw("start", "relay start --mock", async (command) => {
  const terminal = await onTerminal(command);
  const base = await terminal.until(/^(http:\/\/\S+\/v1)\r?$/m);
  const client = spawn(process.execPath, [join(home, "hello.mjs")], {
    env: { ...env, OPENAI_BASE_URL: base, OPENAI_API_KEY: "relay" },
  });
  await once(client, "exit");
  await terminal.until(/(POST \/v1\/responses 200)/);
  terminal.stop();
  return terminal.ended;
});
await draw("check", `relay check --deep --upstream ${url}`, runToEnd);
await draw("run", "relay run --mock -- node hello.mjs", runToEnd);
mock.stop();
await mock.ended;
rmSync(home, { recursive: true });
await import("./inspector-pictures.ts");

async function runToEnd(command: string): Promise<string> {
  return (await onTerminal(command)).ended;
}

async function draw(name: string, line: string, run: (command: string) => Promise<string>) {
  const printed = await run(line.replace(/^relay/, relay));
  const shown = printed
    .replaceAll(home, "~")
    .replace(/\^C\s*$/, "")
    .trimEnd();
  const file = join(root, ".github/pictures", `${name}.svg`);
  writeFileSync(file, toPicture(`$ ${line.replace(url, "http://127.0.0.1:8080")}`, shown));
}

/** A command on a terminal of its own. */
async function onTerminal(command: string) {
  const child = spawn("script", ["-qec", `stty cols 90; exec ${command}`, "/dev/null"], {
    cwd: home,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let printed = "";
  let look = () => {};
  child.stdout.on("data", (piece: Buffer) => {
    printed += piece;
    look();
  });
  return {
    ended: once(child, "exit").then(() => printed),
    until: (pattern: RegExp) =>
      new Promise<string>((resolve) => {
        look = () => {
          const [, found] = pattern.exec(printed) ?? [];
          if (found !== undefined) resolve(found);
        };
        look();
      }),
    /** Ctrl+C. */
    stop: () => void child.stdin.write("\x03"),
  };
}

import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileOf, targets } from "../../bin/single/targets.ts";

// Runs tests of the relay's behaviour on an executable: npm run test:single [-- --short] [-- FILE]
const short = [
  "single/executable",
  "start",
  "config-command",
  "answers",
  "streaming",
  "request-headers",
  "tls-command",
  "run",
];
const more = [
  "backpressure",
  "check",
  "client-leaves",
  "completion",
  "curl",
  "door",
  "failures",
  "framing",
  "help",
  "key-cli",
  "reload",
  "run-tls",
  "tape-record",
  "tls-port",
  "token-command",
  "uploads",
  "websocket",
  "workers",
];

const root = join(import.meta.dirname, "../..");
const options = { short: { type: "boolean" } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const platform = { darwin: "macos", win32: "win" }[process.platform as string] ?? process.platform;
const own = targets.find(({ name }) => name === `${platform}-${process.arch}`);
const [file = own && join(root, "release", fileOf(own))] = positionals;
if (!file) throw new Error("There is no executable for this machine.");

const files = (values.short ? short : [...short, ...more]).map((name) => `test/${name}.test.ts`);
const { status } = spawnSync("vitest", ["run", ...files], {
  cwd: root,
  env: { ...process.env, RELAY_BIN: resolve(file) },
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;

#!/usr/bin/env node
"use strict";
// In the syntax of Node 4 and with no dependency: see node-version.cjs.
const childProcess = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const tty = require("tty");
const nodeVersion = require("./node-version.cjs");

if (nodeVersion.newerNode) handOver(nodeVersion.newerNode);
else run(path.join(__dirname, "../dist/cli.cjs"));

function run(bundle) {
  if (!fs.existsSync(bundle)) {
    process.stderr.write('openai-relay is not built yet: run "npm run build" first.\n');
    process.exit(1);
  }
  if (process.env.OPENAI_RELAY_HANDED_OVER) followLauncher();
  cacheCompiledCode();
  doNotWarnOfSqlite();
  require(bundle);
}

/** Node 22 calls it experimental; it is the same as in 24. Nobody who reads a log can do anything about it. */
function doNotWarnOfSqlite() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, type, code, from) => {
    if (!/^SQLite is an experimental/.test(warning))
      emitWarning.call(process, warning, type, code, from);
  };
}

/** In the user's own cache folder: what others can write (/tmp) must not be run as code. */
function cacheCompiledCode() {
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  try {
    require("module").enableCompileCache(path.join(caches, "openai-relay"));
  } catch (_) {
    // Only slower.
  }
}

/** In a checkout, an old Node may start what `npm ci` brought a new one for. */
function handOver(node) {
  const child = childProcess.spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: Object.assign({}, process.env, { OPENAI_RELAY_HANDED_OVER: "1" }),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      // A terminal sends its Ctrl+C to both of us, and a second one means "at once".
      if (signal !== "SIGINT" || !tty.isatty(0)) child.kill(signal);
    });
  child.on("error", nodeVersion.refuse);
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The other end of `handOver`: dies with the launcher, and hides all this from the relay. */
function followLauncher() {
  delete process.env.OPENAI_RELAY_HANDED_OVER;
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}

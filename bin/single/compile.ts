import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import { constants, Script } from "node:vm";

// Runs on the Node that is to run the script: writes down what V8 has compiled of it once a relay listens,
// which is all that a start needs.
// That depends on the seed of V8's hash tables. It was set for this process, so that the same script gives
// the same bytes; here it is unset again, since V8 takes nothing that was compiled with other flags.
setFlagsFromString("--hash-seed=0");
const [from, to] = process.argv.slice(2) as [string, string];
const script = new Script(readFileSync(from, "latin1"), {
  filename: "relay.cjs",
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

// Not to depend on who has an account on this machine.
process.argv.splice(2, 2, "start", "--no-config", "--port", "0", "--other-users", "allow");
process.stdout.write = () => {
  writeFileSync(to, script.createCachedData());
  process.exit();
};
const module = { exports: {} };
const run = script.runInThisContext();
run(
  module.exports,
  createRequire(import.meta.url),
  module,
  import.meta.filename,
  import.meta.dirname,
);

import { readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

// Runs on the Node that is to run the script: writes down what V8 has compiled of it.
// That depends on the seed of V8's hash tables. It was set for this process, so that the same script gives
// the same bytes; here it is unset again, since V8 takes nothing that was compiled with other flags.
setFlagsFromString("--hash-seed=0");
const [from, to] = process.argv.slice(2) as [string, string];
const script = new Script(readFileSync(from, "latin1"), { filename: "relay.cjs" });
writeFileSync(to, script.createCachedData());

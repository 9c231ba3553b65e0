import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

// `npm run fuzz -- --minutes 10 --seed 42`: the tests of this folder one after the other, each for its part
// of that time, with the seed that a failure has named, or a new one.
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string" } },
});
const seed = values.seed ?? String(Date.now() % 2 ** 31);
const root = join(import.meta.dirname, "../..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const args = [vitest, "run", "test/fuzz", "--no-file-parallelism"];
const env = { ...process.env, FUZZ_MINUTES: values.minutes, FUZZ_SEED: seed };

console.log(`Fuzzing for about ${values.minutes} minutes with seed ${seed}.`);
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: "inherit" });
process.exitCode = status ?? 1;

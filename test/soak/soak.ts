import { parseArgs } from "node:util";
import { endure } from "./endure.ts";
import { testSilence } from "./silence.ts";
import { testSizes } from "./sizes.ts";

// npm run soak -- [--minutes 3] [--seed N] [--sizes] [--silence MINUTES]

const { values: flags } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    sizes: { type: "boolean", default: false },
    silence: { type: "string" },
  },
});

const minutes = Number(flags.minutes);
let isGood: boolean;
if (flags.silence !== undefined) isGood = await testSilence(Number(flags.silence));
else if (flags.sizes) isGood = await testSizes(minutes);
else isGood = await endure(minutes, Number(flags.seed));
console.log(isGood ? "all good" : "not good");
process.exit(isGood ? 0 : 1);

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const module = join(import.meta.dirname, "../src/commands/young-generation.ts");

/** Keeps what is new alive for a while, as open streams do; prints the most that V8 gave to it. */
const wave = `
import { getHeapSpaceStatistics } from "node:v8";
import { setImmediate } from "node:timers/promises";

let most = 0;
const held = [];
for (let i = 0; i < 60; i++) {
  held.push(Array.from({ length: 20_000 }, () => ({ i })));
  if (held.length > 8) held.shift();
  await setImmediate();
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  most = Math.max(most, young.space_size);
}
console.log(most / 1024 ** 2);
`;

async function most(before = ""): Promise<number> {
  const args = ["--disable-warning=ExperimentalWarning", "--experimental-strip-types"];
  const script = `${before}\n${wave}`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...args,
    "--input-type=module",
    "--eval",
    script,
  ]);
  return Number(stdout);
}

test("the young generation stays small, which it does not by itself", async () => {
  const bound = `import { boundYoungGeneration } from ${JSON.stringify(module)};\nboundYoungGeneration();`;

  expect(await most(bound)).toBeLessThanOrEqual(16);
  expect(await most()).toBeGreaterThan(16);
});

import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { createDice, type Dice } from "../../src/conformance/dice.ts";
import { type Call, json, stream, webSocket } from "./calls.ts";
import { growthOf, type Rest } from "./growth.ts";
import { type Holdings, type SoakRelay, startRelay } from "./relay.ts";
import { startSoakUpstream } from "./upstream.ts";

/** How many of each there are at a time. */
const lanes: [Call, number][] = [
  [stream, 300],
  [json, 30],
  [webSocket, 40],
];

/** Seconds of load between two rests, at which memory is measured. */
const roundSeconds = 15;

/** Hundreds of calls at a time for so long; prints what became of them and of the relay's memory. */
export async function endure(minutes: number, seed: number): Promise<boolean> {
  await using upstream = await startSoakUpstream();
  await using relay = await startRelay(upstream.port);
  const dice = createDice(seed);
  const results: Record<string, number> = {};
  const rests: Rest[] = [];
  const startedAt = performance.now();
  const before = await relay.holdings();
  console.log(`${minutes} minutes, seed ${seed}; at start ${toText(before)}`);

  while (performance.now() - startedAt < minutes * 60_000) {
    const peak = await load(relay, dice, results);
    const rest = await relay.holdings();
    const calls = Object.values(results).reduce((sum, count) => sum + count, 0);
    rests.push({ ...rest, calls });
    const at = `${((performance.now() - startedAt) / 60_000).toFixed(1)} min, ${calls} calls`;
    console.log(`${at}: ${toText(rest)}; ${peak.toFixed(0)} MiB under load`);
  }
  // Until the last idle connection to upstream has been given up.
  while (upstream.connections > 0 && relay.death === undefined) await pause(100);
  const after = await relay.holdings();
  console.log(`at end ${toText(after)}`);
  return judge();

  function judge(): boolean {
    const faults: string[] = [];
    for (const [result, count] of Object.entries(results).sort()) {
      console.log(`${String(count).padStart(8)} ${result}`);
      if (!result.startsWith("ok: ")) faults.push(result);
    }
    for (const [line, count] of strangeLines(relay.log())) faults.push(`${count} × log: ${line}`);
    for (const { text, isFault } of growthOf(rests)) {
      console.log(text);
      if (isFault) faults.push(text);
    }
    if (after.files > before.files) faults.push("files are left open");
    if (after.resources !== before.resources) faults.push("handles are left open");
    for (const fault of faults) console.log(`FAULT ${fault}`);
    return faults.length === 0;
  }
}

/** One round of calls, to its very end; the most memory there was. */
async function load(relay: SoakRelay, dice: Dice, results: Record<string, number>) {
  const agent = new Agent({ keepAlive: true });
  const until = performance.now() + roundSeconds * 1_000;
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, relay.rssMiB());
  }, 100);
  const lane = async (call: Call) => {
    while (performance.now() < until && relay.death === undefined) {
      const result = await call(relay.port, agent, dice);
      results[result] = (results[result] ?? 0) + 1;
    }
  };
  const running = lanes.flatMap(([call, width]) => Array.from({ length: width }, () => lane(call)));
  await Promise.all(running);
  clearInterval(watch);
  agent.destroy();
  return peak;
}

/** What the log says that is neither a usual request's line nor the program's greeting, and how often. */
function strangeLines(lines: string[]): Map<string, number> {
  const strange = new Map<string, number>();
  for (const line of lines) {
    const what = line.startsWith("{") ? strangenessOf(JSON.parse(line)) : line;
    const isKnown = what === undefined || /^\s|^openai-relay|^Ctrl/.test(what);
    if (!isKnown) strange.set(what, (strange.get(what) ?? 0) + 1);
  }
  return strange;
}

function strangenessOf({ method, error }: { method?: string; error?: string }): string | undefined {
  return error === undefined || error === "upstream_reset" ? undefined : `${method} ${error}`;
}

function toText({ rssMiB, heapMiB, files, resources }: Holdings): string {
  return `${rssMiB.toFixed(1)} MiB, heap ${heapMiB.toFixed(2)} MiB, ${files} files, ${resources}`;
}

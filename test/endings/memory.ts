import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Bytes in use after everything was collected that can be. */
export async function collect(): Promise<number> {
  // What a promise or a closed handle still held is free in the next turns.
  for (let turn = 0; turn < 4; turn++) {
    await new Promise(setImmediate);
    gc();
  }
  return process.memoryUsage().heapUsed;
}

/** How many sockets, servers and timers keep this process alive, by kind. */
export function resources(): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

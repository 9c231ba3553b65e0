import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of bodies from one collection to the next. */
const round = 4 * 1024 ** 2;

type Collect = (options: { type: "minor" }) => void;

let passed = 0;
let collect: Collect | undefined;

/**
 * To be told of each slice that passes. Slices are memory outside of V8's heap, and V8 lets 64 MB of it
 * come together before it looks for what is still in use. They live for a moment only: a look at what is
 * young is enough, and costs less than the fresh memory that it saves.
 */
export function notePassed(bytes: number): void {
  passed += bytes;
  if (passed < round) return;
  passed = 0;
  collect ??= findCollector();
  collect({ type: "minor" });
}

/** V8 shows its collector to contexts that are made while this flag is set. */
function findCollector(): Collect {
  setFlagsFromString("--expose-gc");
  const found = runInNewContext("gc") as Collect;
  setFlagsFromString("--no-expose-gc");
  return found;
}

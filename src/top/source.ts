import type { Filter } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";
import { createWatch } from "../journal/watch.ts";
import { createTally, horizonOf, type Snapshot } from "./snapshot.ts";

/** Calls that are read at once. */
const most = 1_000;

export type Source = { look(): Snapshot; close(): void };

/** What whatever journal is in `file` says at a moment. */
export function createSource(file: string, filter: Filter): Source {
  const watch = createWatch(file);
  let tally = createTally();
  let reader: Reader | undefined;
  let version = 0;

  function readChanges(from: Reader): void {
    const newest = from.version();
    for (let isMore = true; isMore; ) {
      const changes = from.changes(version, most, filter);
      for (const call of changes.calls) tally.take(call);
      isMore = changes.calls.length === most;
      version = isMore ? changes.version : Math.max(changes.version, newest);
    }
  }

  return {
    look() {
      const at = Date.now();
      const now = watch.reader();
      if (now && now !== reader) {
        reader = now;
        version = now.version();
        tally = createTally();
        for (const call of listFrom(now, { ...filter, since: horizonOf(at) })) tally.take(call);
        for (const call of listFrom(now, { ...filter, isRunning: true })) tally.take(call);
      }
      if (reader?.isChanged()) readChanges(reader);
      return tally.snapshot(at);
    },
    close: () => watch.close(),
  };
}

function* listFrom(reader: Reader, filter: Filter) {
  let before: number | undefined;
  for (;;) {
    const calls = reader.list(filter, { limit: most, ...(before !== undefined && { before }) });
    yield* calls;
    if (calls.length < most) return;
    before = calls.at(-1)!.seq;
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Call, Filter } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";
import { createWatch } from "../journal/watch.ts";

/** Milliseconds between two looks at a journal. */
const pauseMs = 120;

/** Calls that are read at once. */
const most = 500;

/**
 * The last calls of whatever journal is in `file`, then those that come: each when it is seen to run, if it
 * is, and when it has ended.
 */
export async function* follow(
  file: string,
  filter: Filter,
  last: number,
  signal: AbortSignal,
): AsyncGenerator<Call> {
  const watch = createWatch(file);
  let reader: Reader | undefined;
  let version = 0;
  let isNew = createNews();
  try {
    while (!signal.aborted) {
      const now = watch.reader();
      if (now && now !== reader) {
        // Of a journal that takes the place of another one, all is news.
        version = reader ? 0 : now.version();
        const calls = reader ? [] : now.list(filter, { limit: last }).reverse();
        isNew = createNews();
        reader = now;
        yield* calls.filter(isNew);
      }
      if (reader?.isChanged()) {
        const newest = reader.version();
        for (let isMore = true; isMore; ) {
          const changes = reader.changes(version, most, filter);
          isMore = changes.calls.length === most;
          // What the filter leaves out is not looked at again.
          version = isMore ? changes.version : Math.max(changes.version, newest);
          yield* changes.calls.filter(isNew);
        }
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    watch.close();
  }
}

/** A call changes while it runs, and may after its end: the last thousands are remembered. */
function createNews(): (call: Call) => boolean {
  const told = new Set<string>();
  return ({ seq, ending }) => {
    const what = `${seq} ${ending === undefined}`;
    if (told.has(what)) return false;
    told.add(what);
    if (told.size > 10_000) told.delete(told.values().next().value!);
    return true;
  };
}

import type { DatabaseSync } from "node:sqlite";
import { usageOf } from "../usage/usage-of.ts";

/** Milliseconds between two signs of life of a relay. */
export const beatMs = 15_000;

/** After so many without one it is gone. */
const patienceMs = 4 * beatMs;

/** Ends the calls of relays that are gone, and cannot say any more how they ended, nor what they cost. */
export function markLost(db: DatabaseSync, own: number, now = Date.now()): void {
  const others = db
    .prepare(
      `SELECT DISTINCT relays.number, pid, seen_at AS seenAt FROM calls
       JOIN relays ON relays.number = calls.relay WHERE ending IS NULL AND relays.number <> ?`,
    )
    .all(own) as { number: number; pid: number; seenAt: number }[];
  const gone = others.filter((relay) => isGone(relay, now));
  if (gone.length === 0) return;
  const mark =
    db.prepare(`UPDATE calls SET ending = 'lost', version = ?, usage_state = ?, cost_state = ?,
    cost_nano = ? WHERE seq = ?`);
  const next = db.prepare("UPDATE changes SET last = last + 1 RETURNING last");
  const running = db.prepare(
    "SELECT seq, kind, method, path, status FROM calls WHERE ending IS NULL AND relay = ?",
  );
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { number } of gone)
      for (const call of running.all(number) as Running[]) {
        const figures = mayHaveCost(call) ? ["unknown", "unknown", 0] : [null, null, null];
        mark.run(next.get()!.last!, ...figures, call.seq);
      }
    db.exec("COMMIT");
  } finally {
    if (db.isTransaction) db.exec("ROLLBACK");
  }
}

type Running = { seq: number; kind: string; method: string; path: string; status: number };

function mayHaveCost({ kind, method, path, status }: Running): boolean {
  if (kind === "websocket") return true;
  const end = { status, ending: "upstream_broke" } as const;
  return usageOf({ method, path }, { isClosed: false }, end)?.state === "unknown";
}

function isGone({ pid, seenAt }: { pid: number; seenAt: number }, now: number): boolean {
  if (now - seenAt > patienceMs) return true;
  // Had our number before us, as the first process of a container always has.
  if (pid === process.pid) return seenAt < performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

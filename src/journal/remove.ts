import type { DatabaseSync } from "node:sqlite";
import type { Filter } from "./call.ts";
import { openJournal } from "./database.ts";
import { toCondition } from "./filter.ts";

/** Calls that are removed at once: relays want to write, too. */
const atOnce = 500;

/** Removes calls for good. Returns how many. */
export function removeCalls(file: string, wanted: Filter | readonly number[]): number {
  const db = openJournal(file);
  try {
    // Nothing of them is to be found in the file afterwards.
    db.exec("PRAGMA secure_delete = ON");
    const count = Array.isArray(wanted)
      ? removePlaces(db, wanted as number[])
      : removeMatching(db, wanted as Filter);
    db.exec("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
    return count;
  } finally {
    db.close();
  }
}

/** Makes the file as small as it can be. Returns its size before and after, in bytes. */
export function vacuum(file: string): { before: number; after: number } {
  const db = openJournal(file);
  const size = () => {
    const sql = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";
    return db.prepare(sql).get()!.bytes as number;
  };
  try {
    const before = size();
    db.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    return { before, after: size() };
  } finally {
    db.close();
  }
}

function removeMatching(db: DatabaseSync, filter: Filter): number {
  const { sql, values } = toCondition(filter);
  const some = db.prepare(`DELETE FROM calls WHERE seq IN (SELECT seq FROM calls
    JOIN relays ON relays.number = calls.relay WHERE ${sql} LIMIT ${atOnce})`);
  for (let count = 0; ; ) {
    const removed = Number(some.run(...values).changes);
    count += removed;
    if (removed < atOnce) return count;
  }
}

function removePlaces(db: DatabaseSync, places: readonly number[]): number {
  const one = db.prepare("DELETE FROM calls WHERE seq = ?");
  return places.reduce((count, place) => count + Number(one.run(place).changes), 0);
}

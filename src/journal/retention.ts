import type { DatabaseSync } from "node:sqlite";

/** Keeps a journal as small and as young as the settings say. */
export type Retention = {
  /** Makes room for so many bytes, if need be: the oldest bodies go first, then the oldest calls. */
  makeRoom(bytes: number): void;
  /** Takes out what is too old. */
  expire(now: number): void;
};

/** Calls that are taken out at once: others want to write, too. */
const atOnce = 500;

/** Room is made for more than is needed now, so that not every batch has to. */
const spare = 0.05;

const dayMs = 24 * 3_600_000;

export function createRetention(
  db: DatabaseSync,
  { journalSize, journalDays }: { journalSize: number; journalDays: number },
): Retention {
  const figures = db.prepare(
    "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
  );
  const bodiless = "UPDATE calls SET captured = 0 WHERE seq IN (SELECT value FROM json_each(?))";
  const withBodies = db.prepare("SELECT DISTINCT call FROM pieces ORDER BY call LIMIT 20");
  const removeBodies = [
    db.prepare("DELETE FROM pieces WHERE call IN (SELECT value FROM json_each(?))"),
    db.prepare("DELETE FROM heads WHERE call IN (SELECT value FROM json_each(?))"),
    db.prepare(bodiless),
  ];
  const removeOldest = db.prepare(
    `DELETE FROM calls WHERE seq IN (SELECT seq FROM calls WHERE ending IS NOT NULL ORDER BY seq LIMIT ${atOnce})`,
  );
  const removeExpired = db.prepare(
    `DELETE FROM calls WHERE seq IN (SELECT seq FROM calls WHERE started_at < ? AND ending IS NOT NULL LIMIT ${atOnce})`,
  );

  const removeRelays = db.prepare(
    "DELETE FROM relays WHERE seen_at < ? AND number NOT IN (SELECT relay FROM calls)",
  );

  /** Bytes of the file, and of those the ones that something is in. */
  function sizes(): { whole: number; used: number } {
    const { page_count, freelist_count, page_size } = figures.get() as Record<string, number>;
    return { whole: page_count! * page_size!, used: (page_count! - freelist_count!) * page_size! };
  }

  function removeSome(): boolean {
    const seqs = withBodies.all().map(({ call }) => call);
    if (seqs.length === 0) return removeOldest.run().changes > 0;
    const list = JSON.stringify(seqs);
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const remove of removeBodies) remove.run(list);
      db.exec("COMMIT");
      return true;
    } finally {
      if (db.isTransaction) db.exec("ROLLBACK");
    }
  }

  function giveBack(): void {
    db.exec("PRAGMA incremental_vacuum");
  }

  return {
    makeRoom(bytes) {
      if (sizes().used + bytes <= journalSize) return;
      const goal = journalSize * (1 - spare) - bytes;
      while (sizes().used > goal && removeSome());
      // Else the room is used again at once.
      if (sizes().whole > journalSize) giveBack();
    },
    expire(now) {
      const before = now - journalDays * dayMs;
      let count = 0;
      for (let some = atOnce; some === atOnce; count += some)
        some = Number(removeExpired.run(before).changes);
      removeRelays.run(before);
      if (count > 0) giveBack();
    },
  };
}

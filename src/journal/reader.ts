import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Call, Filter, Heads, Side, Slice } from "./call.ts";
import { openReadOnly } from "./database.ts";
import { toCondition } from "./filter.ts";
import { type CallRow, selectCalls, toCall } from "./rows.ts";

/** Reads a journal while others write to it. */
export type Reader = {
  /** The newest first, at most `limit`; `before`: older than this place. */
  list(filter: Filter, page: { before?: number; limit: number }): Call[];
  /** By its place, its id, or the beginning of one where only one begins so; `last` is the newest. */
  find(id: string): Call | undefined;
  /** What changed after `version`, in the order of changing; `version` is what to ask with next time. */
  changes(version: number, limit: number, filter?: Filter): { calls: Call[]; version: number };
  /** What `changes` of now would begin with. */
  version(): number;
  /** Whether anybody has written since the last time this was asked. Cheap. */
  isChanged(): boolean;
  heads(seq: number): Heads | undefined;
  /** Slices of one side, in pieces of many; `after`: what a former answer gave as its last piece. */
  slices(seq: number, side: Side, after?: number): Part;
  close(): void;
};

/** Opens the journal in `file`. Throws a `ConfigError` where there is none. */
export function openReader(file: string): Reader {
  return createReader(openReadOnly(file));
}

export function createReader(db: DatabaseSync): Reader {
  const all = (sql: string, ...values: SQLInputValue[]) =>
    db.prepare(sql).all(...values) as CallRow[];
  const dataVersion = db.prepare("PRAGMA data_version");
  const pieces = db.prepare(`SELECT number, marks, bytes FROM pieces
    WHERE call = ? AND side = ? AND number > ? ORDER BY number`);
  let seen: unknown;

  return {
    list(filter, { before, limit }) {
      const { sql, values } = toCondition(filter);
      const older = before === undefined ? "" : "AND seq < ?";
      const where = `WHERE ${sql} ${older} ORDER BY seq DESC LIMIT ?`;
      const given = [...values, ...(before === undefined ? [] : [before]), limit];
      return all(`${selectCalls} ${where}`, ...given).map(toCall);
    },
    find(id) {
      if (id === "last") return all(`${selectCalls} ORDER BY seq DESC LIMIT 1`).map(toCall)[0];
      const [exact] = all(`${selectCalls} WHERE id = ?`, id);
      if (exact) return toCall(exact);
      if (id === "") return undefined;
      // Ids begin with a letter for the next thirty years.
      if (/^\d+$/.test(id)) return all(`${selectCalls} WHERE seq = ?`, Number(id)).map(toCall)[0];
      const some = all(`${selectCalls} WHERE substr(id, 1, ?) = ? LIMIT 2`, id.length, id);
      return some.length === 1 ? toCall(some[0]!) : undefined;
    },
    changes(version, limit, filter = {}) {
      const { sql, values } = toCondition(filter);
      const where = `WHERE version > ? AND ${sql} ORDER BY version LIMIT ?`;
      const rows = all(`${selectCalls} ${where}`, version, ...values, limit);
      const last = rows.at(-1);
      return { calls: rows.map(toCall), version: last ? (last.version as number) : version };
    },
    version() {
      return db.prepare("SELECT last FROM changes").get()!.last as number;
    },
    isChanged() {
      const { data_version: now } = dataVersion.get()!;
      const isChanged = now !== seen;
      seen = now;
      return isChanged;
    },
    heads(seq) {
      const row = db.prepare("SELECT * FROM heads WHERE call = ?").get(seq);
      if (!row) return undefined;
      return {
        target: row.target as string,
        asked: JSON.parse(row.asked as string) as Heads["asked"],
        ...(row.reason !== null && { reason: row.reason as string }),
        ...(row.answered !== null && {
          answered: JSON.parse(row.answered as string) as Heads["asked"],
        }),
      };
    },
    slices(seq, side, after = 0) {
      const part: Part = { slices: [], last: after };
      for (const row of pieces.iterate(seq, side, after)) {
        part.last = row.number as number;
        let offset = 0;
        for (const [at, length, type] of JSON.parse(row.marks as string) as Mark[]) {
          const bytes = (row.bytes as Uint8Array).subarray(offset, offset + length);
          part.slices.push({ at, bytes, ...(type && { type }) });
          offset += length;
        }
      }
      return part;
    },
    close: () => db.close(),
  };
}

/** Some slices of a side; `last`: the piece that the last of them is in. */
export type Part = { slices: Slice[]; last: number };

/** A slice within a piece: when it came, its bytes, and of a WebSocket's message its type. */
export type Mark = [at: number, length: number, type?: NonNullable<Slice["type"]>];

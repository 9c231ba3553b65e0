import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Call, Heads, Relay, Side, Slice } from "./call.ts";
import type { Mark } from "./reader.ts";

/** A call as its relay knows it: all of it but where it stands in the journal. */
export type Written = Omit<Call, "seq" | "relay">;

/** Writes down what a relay tells. Everything between `begin` and `commit` is there at once, or not at all. */
export type Writer = {
  /** This relay's number. */
  readonly relay: number;
  begin(): void;
  commit(): void;
  /** Takes back what was written since `begin`. */
  rollback(): void;
  /** This relay lives. */
  beat(now: number): void;
  /**
   * Adds a call or, by its id, replaces what was there of it. Returns its place. `seq`: the place where it
   * is; 0 comes back when somebody has removed it.
   */
  put(call: Written, seq?: number): number;
  heads(seq: number, heads: Heads): void;
  /** Adds slices behind those that are there. */
  add(seq: number, side: Side, slices: readonly Slice[]): void;
};

/** A relay that begins to write. */
export function createWriter(db: DatabaseSync, relay: Omit<Relay, "number">): Writer {
  const { pid, startedAt, command, url } = relay;
  const { lastInsertRowid } = db
    .prepare("INSERT INTO relays (pid, started_at, seen_at, command, url) VALUES (?, ?, ?, ?, ?)")
    .run(pid, startedAt, startedAt, command, url);
  const number = Number(lastInsertRowid);
  const insert = db.prepare(`INSERT INTO calls (version, relay, ${columns.join(", ")})
    VALUES (?, ?, ${columns.map(() => "?").join(", ")})
    ON CONFLICT (id) DO UPDATE SET version = excluded.version,
    ${columns.map((name) => `${name} = excluded.${name}`).join(", ")} RETURNING seq`);
  const update = db.prepare(
    `UPDATE calls SET version = ?, ${columns.map((name) => `${name} = ?`).join(", ")} WHERE seq = ?`,
  );
  const lastVersion = db.prepare("SELECT last FROM changes");
  const setVersion = db.prepare("UPDATE changes SET last = ?");
  let version = 0;
  const beat = db.prepare("UPDATE relays SET seen_at = ? WHERE number = ?");
  const insertHeads = db.prepare("INSERT OR REPLACE INTO heads VALUES (?, ?, ?, ?, ?)");
  const insertPiece = db.prepare(`INSERT INTO pieces VALUES (?, ?,
    (SELECT coalesce(max(number), 0) + 1 FROM pieces WHERE call = ? AND side = ?), ?, ?)`);

  function begin(): void {
    // At once as a writer: two that read first would wait for each other.
    db.exec("BEGIN IMMEDIATE");
    version = lastVersion.get()!.last as number;
  }

  function commit(): void {
    setVersion.run(version);
    db.exec("COMMIT");
  }

  function together<T>(write: () => T): T {
    begin();
    const result = write();
    commit();
    return result;
  }

  return {
    relay: number,
    begin,
    commit,
    rollback() {
      if (db.isTransaction) db.exec("ROLLBACK");
    },
    beat: (now) => void beat.run(now, number),
    put(call, seq) {
      if (!db.isTransaction) return together(() => this.put(call, seq));
      version++;
      if (seq !== undefined) return update.run(version, ...toRow(call), seq).changes > 0 ? seq : 0;
      return insert.get(version, number, ...toRow(call))!.seq as number;
    },
    heads(seq, { target, asked, reason, answered }) {
      const lines = answered ? JSON.stringify(answered) : null;
      insertHeads.run(seq, target, JSON.stringify(asked), reason ?? null, lines);
    },
    add(seq, side, slices) {
      if (slices.length === 0) return;
      const marks = slices.map(({ at, bytes, type }): Mark => {
        return type ? [at, bytes.length, type] : [at, bytes.length];
      });
      const bytes = Buffer.concat(slices.map((slice) => slice.bytes));
      insertPiece.run(seq, side, seq, side, JSON.stringify(marks), bytes);
    },
  };
}

const columns = [
  ...["id", "kind", "started_at", "method", "path", "model", "client", "tag", "again", "is_stream"],
  ...["status", "ending", "error", "error_message", "bytes_in", "bytes_out", "slices", "times"],
  ...["usage_state", "usage", "cost_state", "cost_nano", "captured"],
];

/** In the order of `columns`. */
function toRow(call: Written): SQLInputValue[] {
  const { usage, cost } = call;
  const { state, ...counts } = usage ?? {};
  return [
    ...[call.id, call.kind, call.startedAt, call.method, call.path],
    ...[call.model, call.client, call.tag, call.again].map((text) => text ?? null),
    call.isStream ? 1 : 0,
    call.status,
    ...[call.ending, call.error, call.errorMessage].map((text) => text ?? null),
    ...[call.bytesIn, call.bytesOut, call.slices],
    JSON.stringify(call.times),
    state ?? null,
    usage ? JSON.stringify(counts) : null,
    cost?.state ?? null,
    cost?.nano ?? null,
    call.isCaptured ? 1 : 0,
  ];
}

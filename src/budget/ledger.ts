import type { DatabaseSync } from "node:sqlite";
import { budgetUnavailable } from "../errors.ts";
import { isAlive, openLedgerFile } from "./file.ts";

/** Where money is counted: whose calls, on which day or in which run, and how much they may cost. */
export type Account = {
  /** `all`, `token=ci` or `tag=nightly`. */
  name: string;
  /** `2026-01-31`, or `run:` and what tells one from others. */
  period: string;
  /** In billionths of a US dollar, as all amounts. */
  cap: number;
};

/** What an account holds: what calls did cost, and what is reserved for those under way. */
export type Standing = Account & { spent: number; reserved: number };

/** What is reserved for a call, until it is settled. */
export type Hold = { accounts: number[]; amount: number };

/** What is spent and reserved, for all relays that have the same file. */
export type Ledger = {
  /** Reserves in all of the accounts, or in none: then returns the first that has not as much left. */
  reserve(accounts: readonly Account[], amount: number): Hold | Standing;
  /** Puts what a call did cost in the place of what was reserved for it. */
  settle(hold: Hold, cost: number): void;
  standing(account: Account): Standing;
  /** Counts what dead processes have reserved as spent, and forgets old accounts. */
  tidy(): void;
  /** What is reserved still counts as spent from here on. */
  close(): void;
};

/** The process that a run begins and ends with, and what tells the run from others. */
export type Run = { pid: number; id: string };

/** Tags of their own in a period, which clients choose; the rest count together. */
const mostTags = 1_000;
const otherTags = "tag=…";

/** For how long accounts are kept that nobody uses. */
const keptMs = 7 * 24 * 3_600_000;

export function openLedger(file: string, run: Run): Ledger {
  const db = openLedgerFile(file);
  const atomically = createAtomically(db, file);
  const find = db.prepare("SELECT id, spent FROM accounts WHERE name = ? AND period = ?");
  const insert = db.prepare(
    "INSERT INTO accounts (name, period, cap, used_at) VALUES (?, ?, ?, ?) RETURNING id, spent",
  );
  const use = db.prepare("UPDATE accounts SET cap = ?, used_at = ? WHERE id = ?");
  const tags = db.prepare(
    "SELECT count(*) AS n FROM accounts WHERE period = ? AND name LIKE 'tag=%'",
  );
  const held = db.prepare("SELECT coalesce(sum(amount), 0) AS n FROM held WHERE account = ?");
  const hold = db.prepare(`INSERT INTO held (account, owner, amount) VALUES (?, ?, ?)
    ON CONFLICT (account, owner) DO UPDATE SET amount = amount + excluded.amount`);
  const release = db.prepare(
    "UPDATE held SET amount = amount - ?1 WHERE account = ?2 AND owner = ?3 AND amount >= ?1",
  );
  const spend = db.prepare("UPDATE accounts SET spent = spent + ? WHERE id = ?");
  const join = db.prepare("INSERT OR IGNORE INTO owners (id, pid, run) VALUES (?, ?, ?)");
  const enter = (id: number | null) => join.run(id, process.pid, `run:${run.id}`).lastInsertRowid;
  const owner = Number(atomically(() => enter(null)));

  function rowOf({ name, period, cap }: Account): { id: number; spent: number } {
    const row = find.get(name, period) as { id: number; spent: number } | undefined;
    if (row) {
      use.run(cap, Date.now(), row.id);
      return row;
    }
    const isOneMore = name.startsWith("tag=") && name !== otherTags;
    if (isOneMore && (tags.get(period)!.n as number) >= mostTags)
      return rowOf({ name: otherTags, period, cap });
    return insert.get(name, period, cap, Date.now()) as { id: number; spent: number };
  }

  function standing(account: Account): Standing & { id: number } {
    const { id, spent } = rowOf(account);
    return { ...account, id, spent, reserved: held.get(id)!.n as number };
  }

  function bury(dead: number): void {
    db.prepare(
      `UPDATE accounts SET spent = spent + held.amount FROM held
       WHERE held.account = accounts.id AND held.owner = ?`,
    ).run(dead);
    db.prepare("DELETE FROM owners WHERE id = ?").run(dead);
  }

  return {
    reserve(accounts, amount) {
      return atomically(() => {
        const all = accounts.map(standing);
        const full = all.find(({ spent, reserved, cap }) => spent + reserved + amount > cap);
        if (full) return full;
        // Somebody in another container may have taken this process for dead.
        enter(owner);
        for (const { id } of all) hold.run(id, owner, amount);
        return { accounts: all.map(({ id }) => id), amount };
      });
    },
    settle({ accounts, amount }, cost) {
      atomically(() => {
        for (const id of accounts) {
          // Whoever took this process for dead has counted all of it as spent.
          const isHeld = release.run(amount, id, owner).changes === 1;
          spend.run(isHeld ? cost : cost - amount, id);
        }
      });
    },
    standing: (account) => atomically(() => standing(account)),
    tidy() {
      atomically(() => {
        for (const { id, pid } of db.prepare("SELECT id, pid FROM owners").all())
          if (!isAlive(pid as number)) bury(id as number);
        db.prepare(
          "DELETE FROM accounts WHERE used_at < ? AND id NOT IN (SELECT account FROM held)",
        ).run(Date.now() - keptMs);
      });
    },
    close() {
      atomically(() => bury(owner));
      db.close();
    },
  };
}

/** Does all of `work`, or nothing of it, while no other process writes. */
function createAtomically(db: DatabaseSync, file: string) {
  return function atomically<T>(work: () => T): T {
    try {
      // At once as a writer: two that read first would wait for each other.
      db.exec("BEGIN IMMEDIATE");
      try {
        const done = work();
        db.exec("COMMIT");
        return done;
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
    } catch (error) {
      throw budgetUnavailable(file, error);
    }
  };
}

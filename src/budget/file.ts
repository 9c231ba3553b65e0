import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError } from "../config/error.ts";
import { stateFolder } from "../config/folders.ts";
import type { Standing } from "./ledger.ts";

/** What a ledger's file calls itself ("RLAB"), and which form its tables have. */
const applicationId = 0x524c4142;
const format = 1;

const tables = `
CREATE TABLE owners (id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, run TEXT NOT NULL);
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  period TEXT NOT NULL,
  cap INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  spent INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX accounts_period ON accounts (period, name);
CREATE TABLE held (
  account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
  owner INTEGER NOT NULL REFERENCES owners ON DELETE CASCADE,
  amount INTEGER NOT NULL,
  PRIMARY KEY (account, owner)
) WITHOUT ROWID;
`;

/** Milliseconds to wait while another process writes: as long, this one does nothing else. */
const patience = 1_000;

/** Where the budgets of this user are kept. */
export function ledgerFile(env: NodeJS.ProcessEnv): string {
  return join(stateFolder(env), "budget.db");
}

/**
 * Opens a ledger, and makes it where there is none. A commit is in the system's hands: it outlives this
 * process however that ends. That it is on the disk is not waited for, which is what a power failure needs.
 */
export function openLedgerFile(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (file !== ":memory:") createFile(file);
    db = new DatabaseSync(file, { timeout: patience });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    db.exec("BEGIN IMMEDIATE");
    if (!isLedger(db)) {
      db.exec(tables);
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${format}`);
    }
    db.exec("COMMIT");
    return db;
  } catch (error) {
    db?.close();
    throw new ConfigError(`Budgets are kept in ${file}: ${(error as Error).message}.`);
  }
}

/** What is counted on `day` and in the runs that go on; nothing where there is no ledger. */
export function readStandings(file: string, day: string): Standing[] {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: patience });
  } catch {
    return [];
  }
  try {
    if (!isLedger(db)) return [];
    const owners = db.prepare("SELECT DISTINCT pid, run FROM owners").all();
    const runs = owners.filter(({ pid }) => isAlive(pid as number)).map(({ run }) => run as string);
    const rows = db.prepare(
      `SELECT name, period, cap, spent, (SELECT coalesce(sum(amount), 0) FROM held WHERE account = id) AS reserved
       FROM accounts WHERE period = ? OR period IN (SELECT value FROM json_each(?)) ORDER BY period, name`,
    );
    return rows.all(day, JSON.stringify(runs)).map((row) => ({ ...row })) as Standing[];
  } finally {
    db.close();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** False: an empty file. Throws where it is something else. */
function isLedger(db: DatabaseSync): boolean {
  const { application_id: application } = db.prepare("PRAGMA application_id").get()!;
  const { user_version: version } = db.prepare("PRAGMA user_version").get()!;
  if (application === 0 && version === 0) return false;
  if (application === applicationId && version === format) return true;
  throw new Error("it is something else, or of another version");
}

function createFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives its own further files the mode of this one.
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
}

import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConfigError } from "../config/error.ts";

/** What a journal's file calls itself ("RLAY"), and which form its tables have. */
const applicationId = 0x524c4159;
export const format = 1;

const tables = `
CREATE TABLE relays (
  number INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL,
  started_at REAL NOT NULL,
  seen_at REAL NOT NULL,
  command TEXT NOT NULL,
  url TEXT NOT NULL
);
CREATE TABLE calls (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  version INTEGER NOT NULL,
  relay INTEGER NOT NULL REFERENCES relays,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  started_at REAL NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  model TEXT, client TEXT, tag TEXT, again TEXT,
  is_stream INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0,
  ending TEXT, error TEXT, error_message TEXT,
  bytes_in INTEGER NOT NULL DEFAULT 0,
  bytes_out INTEGER NOT NULL DEFAULT 0,
  slices INTEGER NOT NULL DEFAULT 0,
  times TEXT NOT NULL DEFAULT '{}',
  usage_state TEXT, usage TEXT,
  cost_state TEXT, cost_nano INTEGER,
  captured INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE changes (last INTEGER NOT NULL);
INSERT INTO changes VALUES (0);
CREATE INDEX calls_version ON calls (version);
CREATE INDEX calls_started_at ON calls (started_at);
CREATE INDEX calls_running ON calls (seq) WHERE ending IS NULL;
CREATE TABLE heads (
  call INTEGER PRIMARY KEY REFERENCES calls ON DELETE CASCADE,
  target TEXT NOT NULL, asked TEXT NOT NULL, reason TEXT, answered TEXT
);
CREATE TABLE pieces (
  call INTEGER NOT NULL REFERENCES calls ON DELETE CASCADE,
  side TEXT NOT NULL,
  number INTEGER NOT NULL,
  marks TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (call, side, number)
) WITHOUT ROWID;
`;

/** Bytes that the write-ahead log may keep once it is in the file. */
const mostOfLog = 8 * 1024 ** 2;

/** Milliseconds to wait while another process writes. */
const patience = 5_000;

/**
 * Opens a journal to write to, and makes it where there is none: a file for the user alone, or `:memory:`.
 * What was committed survives the end of this process however it ends (SQLite's write-ahead log).
 */
export function openJournal(file: string): DatabaseSync {
  const isFile = file !== ":memory:";
  if (isFile) createFile(file);
  const db = new DatabaseSync(file, { timeout: patience });
  try {
    // First: a file that is something else stays as it is.
    const isEmpty = versionOf(db, file) === 0;
    if (isFile) keepPrivate(file);
    // Space is given back piece by piece once calls are removed; only an empty file can be told so.
    if (isEmpty) db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    db.exec(`PRAGMA journal_size_limit = ${mostOfLog}`);
    if (isEmpty) create(db, file);
    return db;
  } catch (error) {
    db.close();
    throw isNoDatabase(error) ? foreign(file) : error;
  }
}

/** Opens a journal to read from while others write to it. Throws a `ConfigError` where there is none. */
export function openReadOnly(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: patience });
    if (versionOf(db, file) > 0) return db;
    db.close();
  } catch (error) {
    db?.close();
    if (error instanceof ConfigError) throw error;
    if (isNoDatabase(error)) throw foreign(file);
  }
  throw new ConfigError(
    `There is no journal in ${file}. "relay start" keeps one, from its first call on.`,
  );
}

/** 0: an empty file. */
function versionOf(db: DatabaseSync, file: string): number {
  const { application_id: application } = db.prepare("PRAGMA application_id").get() as Row;
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as Row;
  if (application === 0 && version === 0 && isEmpty(db)) return 0;
  if (application !== applicationId) throw foreign(file);
  if (version === format) return format;
  throw new ConfigError(
    `${file} is a journal of form ${version}; this relay reads form ${format}. Use another file.`,
  );
}

function isNoDatabase(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 26;
}

function foreign(file: string): ConfigError {
  return new ConfigError(`${file} is no journal of a relay. Move it away, or use another file.`);
}

/** Most databases have neither a version nor an id of their application. */
function isEmpty(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

type Row = Record<string, number>;

function create(db: DatabaseSync, file: string): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    // Somebody else may have been faster.
    if (versionOf(db, file) === 0)
      db.exec(
        `${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${format};`,
      );
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function createFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`The journal ${file} cannot be written (${code}).`);
  }
}

/** SQLite gives further files of its own the mode of this one; some may be there already. */
function keepPrivate(file: string): void {
  for (const name of [file, `${file}-wal`, `${file}-shm`])
    if (existsSync(name)) chmodSync(name, 0o600);
}

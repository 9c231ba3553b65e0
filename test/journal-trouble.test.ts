import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { readCosts } from "../src/journal/costs.ts";
import { openJournal } from "../src/journal/database.ts";
import { createReader } from "../src/journal/reader.ts";
import { markLost } from "../src/journal/relays.ts";
import { removeCalls } from "../src/journal/remove.ts";
import { createWriter, type Written } from "../src/journal/writer.ts";
import { createFolder, type Folder } from "./support/folder.ts";
import { startJournaled } from "./support/journaled.ts";

const relay = { pid: 1, startedAt: 1_000, command: "start", url: "" };

const running: Written = {
  ...{ id: "a-1", kind: "http", startedAt: 2_000, method: "POST", path: "/v1/responses" },
  ...{ isStream: true, status: 0, bytesIn: 10, bytesOut: 0, slices: 0, times: {} },
  isCaptured: true,
};

describe("a file that cannot be the journal stays as it is, and calls are kept in memory", () => {
  test.each<[what: string, make: (folder: Folder) => string, why: RegExp]>([
    ["damaged", damaged, /is no journal of a relay/],
    ["another program's database", database, /is no journal of a relay/],
    ["of a later form", later, /is a journal of form 99/],
    ["a folder", aFolder, /EISDIR/],
  ])("%s", async (_what, make, why) => {
    using folder = createFolder();
    const file = make(folder);
    const before = contentOf(file);
    await using journaled = await startJournaled({ mock: "true" }, {}, file);

    await (await fetch(`${journaled.relay.url}/v1/models`)).text();

    expect(await journaled.ended()).toMatchObject({ path: "/v1/models", status: 200 });
    expect(journaled.said).toEqual([expect.stringMatching(/^Calls are kept in memory only: /)]);
    expect(journaled.said[0]).toMatch(why);
    expect(contentOf(file)).toEqual(before);
  });
});

function damaged(folder: Folder): string {
  const file = folder.at("journal.db");
  writeFileSync(file, "SQLite format 3\0 and no more of it".repeat(100), { mode: 0o640 });
  return file;
}

function database(folder: Folder): string {
  const file = folder.at("app.db");
  const db = new DatabaseSync(file);
  db.exec("CREATE TABLE notes (text)");
  db.close();
  chmodSync(file, 0o640);
  return file;
}

function later(folder: Folder): string {
  const file = folder.at("journal.db");
  const db = openJournal(file);
  db.exec("PRAGMA user_version = 99");
  db.close();
  return file;
}

function aFolder(folder: Folder): string {
  mkdirSync(folder.at("journal.db"));
  return folder.at("journal.db");
}

function contentOf(file: string): unknown {
  const made = statSync(file);
  return made.isDirectory() ? "folder" : [made.mode & 0o777, readFileSync(file, "hex")];
}

test("a file that others may read is for the user alone once it is written to", () => {
  using folder = createFolder();
  const file = folder.at("journal.db");
  openJournal(file).close();
  chmodSync(file, 0o644);

  const db = openJournal(file);
  createWriter(db, relay);

  for (const name of [file, `${file}-wal`, `${file}-shm`])
    expect((statSync(name).mode & 0o777).toString(8)).toBe("600");
  db.close();
});

test("a journal gives back the room of calls that are removed", () => {
  using folder = createFolder();
  const file = folder.at("journal.db");
  const db = openJournal(file);
  const writer = createWriter(db, relay);
  const seq = writer.put({ ...running, ending: "complete" });
  writer.add(seq, "asked", [{ at: 0, bytes: Buffer.alloc(1024 ** 2) }]);
  db.close();
  const before = statSync(file).size;

  expect(removeCalls(file, {})).toBe(1);

  expect(before).toBeGreaterThan(1024 ** 2);
  expect(statSync(file).size).toBeLessThan(100_000);
});

test("what calls did cost whose relay was lost is not known, where it may be something", () => {
  using folder = createFolder();
  const file = folder.at("journal.db");
  const db = openJournal(file);
  const writer = createWriter(db, { ...relay, startedAt: 0 });
  writer.put(running);
  writer.put({ ...running, id: "a-2", status: 429 });
  writer.put({ ...running, id: "a-3", method: "GET", path: "/v1/models" });
  writer.put({ ...running, id: "a-4", method: "GET", kind: "websocket" });

  markLost(db, 0);

  const calls = createReader(db).list({}, { limit: 10 });
  expect(calls.map(({ id, ending, cost }) => [id, ending, cost?.state])).toEqual([
    ["a-4", "lost", "unknown"],
    ["a-3", "lost", undefined],
    ["a-2", "lost", undefined],
    ["a-1", "lost", "unknown"],
  ]);
  expect(readCosts(file, "day", {}).total).toMatchObject({ calls: 4, unknown: 2, running: 0 });
  db.close();
});

import { expect, test } from "vitest";
import { openJournal } from "../src/journal/database.ts";
import { createKeeper } from "../src/journal/keeper.ts";
import { type Note, pack } from "../src/journal/note.ts";
import { createReader } from "../src/journal/reader.ts";
import { createWriter } from "../src/journal/writer.ts";
import { createScrub } from "../src/scrub.ts";
import prices from "../src/usage/prices.json" with { type: "json" };

const nothing = {
  ...{ model: undefined, client: undefined, tag: undefined, again: undefined },
  ...{ traceparent: undefined, ending: undefined, error: undefined, errorMessage: undefined },
  ...{ coding: undefined, found: undefined, heads: undefined },
};
const note: Note = {
  ...nothing,
  ...{ number: 1, id: "a-1", isWebSocket: false, startedAt: 1_000, method: "GET" },
  ...{ path: "/v1/models", isStream: false, status: 0, bytesIn: 0, bytesOut: 0, slices: 0 },
  ...{ times: {}, isCut: false },
};
const ended: Note = { ...note, status: 200, ending: "complete" };

test("calls that a full disk has no room for are written once it has, and it is said once", () => {
  const relay = { pid: 1, startedAt: 0, command: "start", url: "" };
  const db = openJournal(":memory:");
  const writer = createWriter(db, relay);
  const failures: (string | undefined)[] = [];
  const told: string[] = [];
  const keeper = createKeeper({
    config: { capture: false, captureBody: 0 },
    ...{ prices, scrub: createScrub([]), writer, relay: { ...relay, number: writer.relay } },
    makeRoom: () => {},
    ended: ({ id }) => told.push(id),
    written: () => {},
    failed: (error) => failures.push(error?.message),
  });
  const take = (...notes: Note[]) => keeper.take({ notes: pack(notes), size: 0 });
  const { page_count: pages } = db.prepare("PRAGMA page_count").get()!;

  take(note);
  db.exec(`PRAGMA max_page_count = ${pages}`);
  const many = Array.from({ length: 500 }, (_, i) => ({ ...ended, number: i + 2, id: `b-${i}` }));
  const begun = { ...note, number: 2_000, id: "d-1" };
  take(begun, ...many, ended);
  const without = createReader(db).list({}, { limit: 1_000 });
  db.exec("PRAGMA max_page_count = 100000");
  take({ ...begun, status: 200, ending: "complete" });

  expect(without.map(({ id, ending }) => [id, ending])).toEqual([["a-1", undefined]]);
  expect(failures).toEqual([undefined, "database or disk is full", undefined]);
  const calls = createReader(db).list({}, { limit: 1_000 });
  expect(calls.filter(({ ending }) => ending === "complete")).toHaveLength(502);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(502);
  expect(told).toHaveLength(502);
  db.close();
});

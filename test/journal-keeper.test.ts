import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { HeaderPairs, Side } from "../src/journal/call.ts";
import { openJournal } from "../src/journal/database.ts";
import type { CapturedHeads } from "../src/journal/heads.ts";
import { createKeeper } from "../src/journal/keeper.ts";
import { type Note, pack } from "../src/journal/note.ts";
import { PieceBox, type PieceSide, sides } from "../src/journal/pieces.ts";
import { createReader } from "../src/journal/reader.ts";
import type { Batch } from "../src/journal/words.ts";
import { createWriter } from "../src/journal/writer.ts";
import { createScrub } from "../src/scrub.ts";
import prices from "../src/usage/prices.json" with { type: "json" };
import { createFolder } from "./support/folder.ts";

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

/** A journal, and who keeps calls in it. */
function start(file: string, config: { capture: boolean; captureBody: number }) {
  const relay = { pid: 1, startedAt: 0, command: "start", url: "" };
  const db = openJournal(file);
  const writer = createWriter(db, relay);
  const failures: (string | undefined)[] = [];
  const told: string[] = [];
  const keeper = createKeeper({
    ...{ config, prices, scrub: createScrub([]), writer },
    relay: { ...relay, number: writer.relay },
    makeRoom: () => {},
    ended: ({ id }) => told.push(id),
    written: () => {},
    failed: (error) => failures.push(error?.message),
  });
  return { db, keeper, failures, told };
}

/** What comes of a call in one batch. */
function batch(note: Note, ...given: [side: PieceSide, text: string | Buffer][]): Batch {
  const box = new PieceBox();
  for (const [side, bytes] of given) box.add(note.number, side, 1, Buffer.from(bytes));
  return { notes: pack([note]), pieces: box.take(), size: 0 };
}

const heads: CapturedHeads = { target: "/v1/responses", asked: [], credentials: [] };
const asked: Note = { ...note, method: "POST", path: "/v1/responses", heads };
const answered: Note = { ...asked, status: 200, heads: { ...heads, answered: [] } };
const whole: Note = { ...answered, ending: "complete" };

test("a body has no hole where somebody else kept the file busy meanwhile", () => {
  using folder = createFolder();
  const file = folder.at("journal.db");
  const { db, keeper, failures } = start(file, { capture: true, captureBody: 1024 });
  db.exec("PRAGMA busy_timeout = 0");
  const other = openJournal(file);

  keeper.take(batch(asked, [sides.asked, "ask "]));
  other.exec("BEGIN IMMEDIATE");
  keeper.take(batch(answered, [sides.answered, "one "]));
  keeper.take(batch(answered, [sides.answered, "two "]));
  other.exec("COMMIT");
  keeper.take(batch(whole, [sides.answered, "three "]));

  expect(failures).toEqual([undefined, ...Array(2).fill("database is locked"), undefined]);
  const reader = createReader(db);
  const bodyOf = (side: Side) => Buffer.concat(reader.slices(1, side).slices.map((s) => s.bytes));
  expect(`${bodyOf("asked")}${bodyOf("answered")}`).toBe("ask one two three ");
  expect(reader.heads(1)).toHaveProperty("answered");
  other.close();
  db.close();
});

test("what a packed request says of usage is not taken for the answer's", async () => {
  const { db, keeper } = start(":memory:", { capture: true, captureBody: 1024 });
  const packed = { ...heads, asked: [["Content-Encoding", "gzip"]] as HeaderPairs };
  const request = gzipSync('{"model":"gpt-4o","input":[{"usage":{"input_tokens":9}}]}');

  keeper.take(batch({ ...answered, heads: packed }, [sides.asked, request], [sides.answered, "{"]));
  await keeper.settle();
  keeper.take(batch({ ...whole, heads: packed }, [sides.answered, "}"]));
  await keeper.settle();

  const call = createReader(db).find("last");
  expect(call).toMatchObject({ model: "gpt-4o", usage: { state: "unknown" } });
  db.close();
});

test("of a body that is cut in the midst of a secret, no part of that stays", () => {
  const { db, keeper } = start(":memory:", { capture: true, captureBody: 30 });

  keeper.take(batch(whole, [sides.answered, '{"a":1, "b": "sk-proj-0123456789abcdefghij"}']));

  const [slice] = createReader(db).slices(1, "answered").slices;
  expect(Buffer.from(slice!.bytes).toString()).toBe('{"a":1, "b": "sk-xxxxx00000000');
  db.close();
});

test("calls that a full disk has no room for are written once it has, and it is said once", () => {
  const { db, keeper, failures, told } = start(":memory:", { capture: false, captureBody: 0 });
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

import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openJournal } from "../src/journal/database.ts";
import { createReader, openReader } from "../src/journal/reader.ts";
import { createWriter, type Written } from "../src/journal/writer.ts";
import { createFolder } from "./support/folder.ts";

const relay = { pid: 1, startedAt: 1_000, command: "start", url: "http://127.0.0.1:8484/v1" };

const call: Written = {
  id: "a-1",
  kind: "http",
  startedAt: 2_000,
  method: "POST",
  path: "/v1/responses",
  isStream: true,
  status: 0,
  bytesIn: 10,
  bytesOut: 0,
  slices: 0,
  times: {},
  isCaptured: true,
};

const ended: Written = {
  ...call,
  model: "gpt-5",
  tag: "nightly",
  status: 200,
  ending: "complete",
  slices: 3,
  times: { head: 1.5, end: 20 },
  usage: { state: "known", input: 7, cachedInput: 2, output: 3 },
  cost: { state: "known", nano: 12_345 },
};

describe("a journal", () => {
  test("is a file for the user alone that another process reads while it is written", () => {
    using folder = createFolder();
    const file = folder.at("state/journal.db");
    const db = openJournal(file);
    const writer = createWriter(db, relay);
    const reader = openReader(file);

    writer.begin();
    const seq = writer.put(call);
    writer.heads(seq, { target: "/v1/responses?x=1", asked: [["Accept", "*/*"]] });
    writer.add(seq, "answered", [{ at: 2, bytes: Buffer.from("one") }]);
    writer.commit();
    const running = reader.find("a-");
    writer.begin();
    writer.put(ended);
    const two = { at: 3.5, bytes: Buffer.from("two") };
    writer.add(seq, "answered", [two, { at: 4, bytes: Buffer.from([0, 255]) }]);
    writer.commit();

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(running).toEqual({ ...call, seq, relay: { ...relay, number: 1 } });
    expect(reader.find("last")).toEqual({ ...ended, seq, relay: { ...relay, number: 1 } });
    expect(reader.heads(seq)).toEqual({ target: "/v1/responses?x=1", asked: [["Accept", "*/*"]] });
    const { slices, last } = reader.slices(seq, "answered");
    expect(slices.map(({ at, bytes }) => [at, [...bytes]])).toEqual([
      [2, [...Buffer.from("one")]],
      [3.5, [...two.bytes]],
      [4, [0, 255]],
    ]);
    expect(reader.slices(seq, "answered", 1).slices).toEqual(slices.slice(1));
    expect(reader.slices(seq, "answered", last)).toEqual({ slices: [], last });
    reader.close();
    db.close();
  });

  test("tells what changed since, and finds by filters", () => {
    const db = openJournal(":memory:");
    const writer = createWriter(db, relay);
    const reader = createReader(db);
    for (const n of [1, 2, 3]) writer.put({ ...call, id: `a-${n}`, startedAt: n });
    const { version, calls } = reader.changes(0, 10);
    writer.put({ ...ended, id: "a-2", startedAt: 2 });
    writer.put({ ...ended, id: "b-4", path: "/v1/models", status: 429, startedAt: 4 });

    const ids = (filter: Parameters<typeof reader.list>[0]) =>
      reader.list(filter, { limit: 10 }).map(({ id }) => id);
    expect(calls.map(({ id }) => id)).toEqual(["a-1", "a-2", "a-3"]);
    expect(reader.changes(version, 10).calls.map(({ id }) => id)).toEqual(["a-2", "b-4"]);
    expect(ids({})).toEqual(["b-4", "a-3", "a-2", "a-1"]);
    expect(reader.changes(version, 10, { status: "429" }).calls.map(({ id }) => id)).toEqual([
      "b-4",
    ]);
    expect(reader.find("2")?.id).toBe("a-2");
    expect(ids({ isRunning: true })).toEqual(["a-3", "a-1"]);
    expect(ids({ status: "4xx" })).toEqual(["b-4"]);
    expect(ids({ status: "error" })).toEqual(["b-4"]);
    expect(ids({ model: "gpt-*", path: "/v1/resp*" })).toEqual(["a-2"]);
    expect(ids({ text: "NIGHT" })).toEqual(["b-4", "a-2"]);
    expect(ids({ text: "%" })).toEqual([]);
    expect(ids({ since: 2, until: 4 })).toEqual(["a-3", "a-2"]);
    expect(reader.find("a-")).toBeUndefined();
    db.close();
  });
});

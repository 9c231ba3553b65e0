import { keepSecret } from "../tellable.ts";
import type { Call, Heads, Relay } from "./call.ts";
import { type Common, Current } from "./current.ts";
import { unpack } from "./note.ts";
import { eachPiece } from "./pieces.ts";
import type { Batch } from "./words.ts";
import type { Writer, Written } from "./writer.ts";

/** Makes calls of what the thread is told, and writes them down. */
export type Keeper = {
  take(batch: Batch): void;
  /** Resolves once everything that was taken is written, or cannot be. */
  settle(): Promise<void>;
};

export type Parts = Common & {
  writer: Writer;
  relay: Relay;
  /** Makes room for so many bytes before they are written. */
  makeRoom(bytes: number): void;
  ended(call: Call, traceparent: string | undefined): void;
  /** After each time that something was written. */
  written(): void;
  /** Something could not be written; `undefined`: now it can again. */
  failed(error: Error | undefined): void;
};

/** What could not be written waits until it can be: so many rows, and bytes of bodies. */
const mostWaiting = { rows: 10_000, bytes: 32 * 1024 ** 2 };

/** Bytes that a call takes in the file, about. */
const rowSize = 600;

export function createKeeper(parts: Parts): Keeper {
  const { writer, relay, makeRoom, ended, written, failed } = parts;
  const calls = new Map<number, Current>();
  const changed = new Set<Current>();
  /** Calls whose ends are being read. */
  const reading = new Set<Promise<unknown>>();
  let waiting: Row[] = [];

  function take({ notes, pieces, secrets }: Batch): void {
    for (const secret of secrets ?? []) keepSecret(secret);
    const over: Current[] = [];
    for (const note of unpack(notes)) {
      const known = calls.get(note.number);
      known?.told(note);
      const call = known ?? new Current(note, parts);
      calls.set(note.number, call);
      changed.add(call);
      if (note.ending) over.push(call);
    }
    if (pieces)
      eachPiece(pieces, (number, side, at, bytes) => {
        const call = calls.get(number);
        call?.piece(side, at, bytes);
        if (call && parts.config.capture) changed.add(call);
      });
    for (const call of over) end(call);
    write();
  }

  function end(call: Current): void {
    calls.delete(call.note.number);
    const decoded = call.end();
    if (!decoded) return;
    changed.delete(call);
    const done = decoded.then(() => {
      reading.delete(done);
      changed.add(call);
      write();
    });
    reading.add(done);
  }

  function write(): void {
    if (changed.size + waiting.length === 0) return;
    const rows = [...changed].map(toRow);
    changed.clear();
    const all = [...waiting, ...rows];
    try {
      makeRoom(sizeOf(all));
      writer.begin();
      for (const row of all) put(row);
      writer.commit();
      waiting = [];
      failed(undefined);
    } catch (error) {
      writer.rollback();
      for (const { current, before } of all) current.seq = before;
      for (const row of rows) wait(row);
      failed(error as Error);
    }
    for (const { call, seq, current } of rows)
      if (call.ending) ended({ ...call, seq, relay }, current.note.traceparent);
    written();
  }

  /** Of a call that still runs, a later note says the rest again. */
  function wait(row: Row): void {
    if (sizeOf(waiting) + row.size > mostWaiting.bytes) {
      row.current.giveUpBodies();
      Object.assign(row, { asked: [], answered: [], size: rowSize });
    }
    const isNeeded = row.call.ending !== undefined || row.heads || row.size > rowSize;
    if (isNeeded && waiting.length < mostWaiting.rows) waiting.push(row);
  }

  function toRow(current: Current): Row {
    const call = current.written();
    const asked = current.take("asked");
    const answered = current.take("answered");
    const bytes = [...asked, ...answered].reduce((sum, slice) => sum + slice.bytes.length, 0);
    const heads = current.takeHeads();
    const before = current.seq;
    return { current, before, call, heads, asked, answered, size: rowSize + bytes, seq: 0 };
  }

  function put(row: Row): void {
    row.seq = row.current.seq = writer.put(row.call, row.current.seq);
    if (row.seq === 0) return;
    if (row.heads) writer.heads(row.seq, row.heads);
    writer.add(row.seq, "asked", row.asked);
    writer.add(row.seq, "answered", row.answered);
  }

  return {
    take,
    async settle() {
      while (reading.size > 0) await Promise.all(reading);
      write();
    },
  };
}

type Row = {
  current: Current;
  /** Its place before this is written. */
  before: number | undefined;
  call: Written;
  heads: Heads | undefined;
  asked: ReturnType<Current["take"]>;
  answered: ReturnType<Current["take"]>;
  size: number;
  seq: number;
};

function sizeOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { size }) => sum + size, 0);
}

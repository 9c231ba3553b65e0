import type { HeaderPairs, Side, Slice } from "../../src/journal/call.ts";
import { openJournal } from "../../src/journal/database.ts";
import { createWriter, type Writer, type Written } from "../../src/journal/writer.ts";

/** A journal that a test writes into, while a relay reads the same file. */
export type TestJournal = Disposable & {
  /** Adds a call, or replaces what was there of it. */
  put(call: Partial<Written> & { id: string }): number;
  heads: Writer["heads"];
  add(seq: number, side: Side, slices: readonly Slice[]): void;
  /** Everything in one transaction. */
  together(write: () => void): void;
};

export const jsonHeaders: HeaderPairs = [["Content-Type", "application/json"]];
export const eventHeaders: HeaderPairs = [["Content-Type", "text/event-stream; charset=utf-8"]];

export function createTestJournal(file: string): TestJournal {
  const db = openJournal(file);
  const url = "http://127.0.0.1:8484/v1";
  const startedAt = Date.now();
  const writer = createWriter(db, { pid: process.pid, startedAt, command: "start", url });
  let isTogether = false;

  function together<T>(write: () => T): T {
    if (isTogether) return write();
    isTogether = true;
    writer.begin();
    try {
      return write();
    } finally {
      writer.commit();
      isTogether = false;
    }
  }

  return {
    put: (call) => together(() => writer.put({ ...plain, startedAt: Date.now(), ...call })),
    heads: (seq, heads) => together(() => writer.heads(seq, heads)),
    add: (seq, side, slices) => together(() => writer.add(seq, side, slices)),
    together,
    [Symbol.dispose]: () => db.close(),
  };
}

/** A call that went well, of which nothing was captured. */
const plain: Omit<Written, "id" | "startedAt"> = {
  kind: "http",
  method: "POST",
  path: "/v1/responses",
  isStream: false,
  status: 200,
  ending: "complete",
  bytesIn: 240,
  bytesOut: 1_830,
  slices: 1,
  times: { sent: 1.2, head: 412, firstSlice: 413, lastSlice: 420, end: 421 },
  isCaptured: false,
};

export const bytesOf = (content: unknown): Uint8Array =>
  Buffer.from(typeof content === "string" ? content : JSON.stringify(content));

/** An event of a stream as it stands on the wire. */
export function toEvent(
  data: { type: string; [name: string]: unknown },
  name = data.type,
): Uint8Array {
  return bytesOf(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

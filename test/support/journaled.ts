import { loadConfig } from "../../src/config/load.ts";
import type { Call, Side, Slice } from "../../src/journal/call.ts";
import { createJournal } from "../../src/journal/create.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { openReader, type Reader } from "../../src/journal/reader.ts";
import { createFolder } from "./folder.ts";
import { startRelay, type TestRelay } from "./relay.ts";

export type Journaled = AsyncDisposable & {
  relay: TestRelay;
  journal: Journal;
  file: string;
  /** What the relay said about its journal. */
  said: string[];
  /** The next call to fit, in whatever state; or one that came and nobody asked for yet. */
  next(fits: (call: Call) => boolean): Promise<Call>;
  /** The next call to end. */
  ended(): Promise<Call>;
  /** Reads the file as another process does. */
  read<T>(look: (reader: Reader) => T): T;
  body(call: Call, side: Side): Buffer;
  slices(call: Call, side: Side): Slice[];
};

type Flags = Record<string, string | boolean | string[]>;

/** A relay in this process with a journal in a file. */
export async function startJournaled(
  flags: Flags,
  own: Flags = {},
  place?: string,
): Promise<Journaled> {
  const folder = createFolder();
  const file = place ?? folder.at("state/journal.db");
  const said: string[] = [];
  const input = { flags: { ...flags, ...own }, env: {}, cwd: process.cwd(), config: false };
  const { config } = await loadConfig(input as Parameters<typeof loadConfig>[0]);
  const journal = createJournal({ config, file, command: "start", say: (l) => said.push(l) });
  const seen: Call[] = [];
  const waiting = new Set<() => void>();
  const relay = await startRelay(flags, { observers: [journal.observer] });
  journal.begin(`${relay.url}/v1`);
  journal.follow((calls) => {
    seen.push(...calls);
    for (const look of waiting) look();
  });

  function next(fits: (call: Call) => boolean): Promise<Call> {
    return new Promise((resolve) => {
      const look = () => {
        const at = seen.findIndex(fits);
        if (at < 0) return;
        waiting.delete(look);
        resolve(seen.splice(at, 1)[0]!);
      };
      waiting.add(look);
      look();
    });
  }

  function read<T>(look: (reader: Reader) => T): T {
    const reader = openReader(file);
    try {
      return look(reader);
    } finally {
      reader.close();
    }
  }

  const slices = (call: Call, side: Side) => read((reader) => reader.slices(call.seq, side).slices);
  return {
    ...{ relay, journal, file, said, next, read, slices },
    ended: () => next(({ ending }) => ending !== undefined),
    body: (call, side) => Buffer.concat(slices(call, side).map(({ bytes }) => bytes)),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await journal.close();
      folder[Symbol.dispose]();
    },
  };
}

import { parentPort, workerData } from "node:worker_threads";
import { createScrub } from "../scrub.ts";
import { loadPrices } from "../usage/price-file.ts";
import { openJournal } from "./database.ts";
import { type Extension, loadExtensions } from "./extensions.ts";
import { createFeed } from "./feed.ts";
import type { JournalQuestions } from "./journal.ts";
import { createKeeper } from "./keeper.ts";
import { createReader } from "./reader.ts";
import { beatMs, markLost } from "./relays.ts";
import { createRetention } from "./retention.ts";
import type { Given, ToMain, ToThread } from "./words.ts";
import { createWriter } from "./writer.ts";

// The thread in which all of the journal's work is done: SQLite, what is compressed, and what it costs.

/** Bytes of a journal that is in no file. */
const mostInMemory = 64 * 1024 ** 2;

const port = parentPort!;
const given = workerData as Given;
const { file, config } = given;
const post = (message: ToMain) => port.postMessage(message);
const say = (line: string) => post({ say: line });

const { db, writer, reader, retention } = open();
const relay = { ...given.relay, number: writer.relay };
const prices = loadPrices(config.prices);
const feed = createFeed(reader, (calls) => post({ calls }));
const extensions: Extension[] = [];
let isFailing = false;

const keeper = createKeeper({
  ...{ config, prices, writer, relay },
  scrub: createScrub(config.scrub),
  makeRoom: retention.makeRoom,
  ended(call, traceparent) {
    for (const extension of extensions) extension.ended?.(call, traceparent);
  },
  written: feed.look,
  failed(error) {
    if (error && !isFailing) say(`The journal cannot be written (${error.message}).`);
    isFailing = error !== undefined;
  },
});

const answers: JournalQuestions = {
  list: reader.list,
  find: reader.find,
  heads: reader.heads,
  slices: reader.slices,
};

/** A file that cannot be used costs nobody their calls, nor what is counted of them. */
function open() {
  try {
    return openIn(file);
  } catch (error) {
    if (file === ":memory:") throw error;
    const { message } = error as Error;
    const why = message.includes(file) ? message : `${file}: ${message}.`;
    say(`Calls are kept in memory only: ${why}`);
    return openIn(":memory:");
  }
}

function openIn(place: string) {
  const db = openJournal(place);
  const { journalSize, journalDays } = config;
  const size = place === ":memory:" ? Math.min(journalSize, mostInMemory) : journalSize;
  return {
    db,
    writer: createWriter(db, given.relay),
    reader: createReader(db),
    retention: createRetention(db, { journalSize: size, journalDays }),
  };
}

function tend(): void {
  try {
    const now = Date.now();
    writer.beat(now);
    markLost(db, relay.number, now);
    retention.expire(now);
  } catch {
    // Somebody else writes for long, or there is no room: next time.
  }
}

async function answer(name: string, args: unknown[]): Promise<unknown> {
  const all = Object.assign({}, answers, ...extensions.map((one) => one.answers));
  return (all as Record<string, (...args: unknown[]) => unknown>)[name]!(...args);
}

async function hear(message: ToThread): Promise<void> {
  if ("batch" in message) {
    keeper.take(message.batch);
    post({ taken: message.batch.size });
  } else if ("ask" in message) {
    const { id } = message;
    await answer(message.ask, message.args).then(
      (value) => post({ answer: id, value }),
      (error: Error) => post({ answer: id, trouble: error.message }),
    );
  } else if ("follow" in message) feed.follow(message.follow);
  else await close();
}

async function close(): Promise<void> {
  clearInterval(tending);
  feed.follow(false);
  await keeper.settle();
  await Promise.all(extensions.map((extension) => extension.close?.()));
  db.close();
  post({ closed: true });
}

const tending = setInterval(tend, beatMs);
tend();
loadExtensions({ ...given, prices, say })
  .then((loaded) => extensions.push(...loaded))
  .catch(({ message }: Error) => say(`There are no metrics and no traces: ${message}`))
  .then(() => port.on("message", (message: ToThread) => void hear(message)));

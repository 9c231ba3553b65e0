import { Worker } from "node:worker_threads";
import type { Config } from "../config/settings.ts";
import type { Call } from "./call.ts";
import type { Journal } from "./journal.ts";
import { createObserver } from "./observer.ts";
import { createQueue } from "./queue.ts";
import type { Given, ToMain, ToThread } from "./words.ts";

/** What `bin/build.ts` made of thread.ts; from its source the thread is started as it is. */
declare const JOURNAL_THREAD: string;

export type Parts = {
  config: Config;
  /** Where the journal is, or `:memory:`. */
  file: string;
  /** `start`, or what `relay run` runs. */
  command: string;
  /** Tells people what went wrong. */
  say(line: string): void;
};

/** A journal of this process. Its thread, a third of an idle relay's memory, starts with the first call. */
export function createJournal({ config, file, command, say }: Parts): Journal {
  const startedAt = Date.now();
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  const followers = new Set<(calls: Call[]) => void>();
  let url = "";
  let questions = 0;
  let worker: Worker | undefined;
  let isOver = false;
  const isLost = { bodies: false, calls: false };
  let lost = 0;
  const closed = Promise.withResolvers<void>();

  const queue = createQueue({
    send: (batch, transfer) => post({ batch }, transfer),
    lost(what) {
      if (isOver) return;
      lost++;
      if (isLost[what]) return;
      isLost[what] = true;
      say(`The journal cannot keep up: some ${what} are missing in it.`);
    },
  });

  function post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    if (isOver) return;
    try {
      worker ??= start();
      worker.postMessage(message, transfer);
    } catch (error) {
      giveUp(error as Error);
    }
  }

  function start(): Worker {
    const { pid } = process;
    const given: Given = { file, config, relay: { pid, startedAt, command, url } };
    // Crash reports have a part for each thread, with the variables that the process began with.
    // Node 22 warns of its SQLite.
    const execArgv = ["--report-exclude-env", "--disable-warning=ExperimentalWarning"];
    const options = { workerData: given, stdin: false, env: threadEnv(), execArgv };
    const started =
      typeof JOURNAL_THREAD === "undefined"
        ? new Worker(new URL("./thread.ts", import.meta.url), options)
        : new Worker(JOURNAL_THREAD, { ...options, eval: true });
    started.unref();
    started.on("message", hear);
    started.on("error", (error) => giveUp(error));
    started.on("exit", () => giveUp());
    return started;
  }

  function hear(message: ToMain): void {
    if ("taken" in message) queue.taken(message.taken);
    else if ("calls" in message) for (const follower of followers) follower(message.calls);
    else if ("say" in message) say(message.say);
    else if ("answer" in message) {
      const { answer, value, trouble } = message;
      const waiting = pending.get(answer);
      pending.delete(answer);
      if (trouble === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(trouble));
    } else closed.resolve();
  }

  function giveUp(error?: Error): void {
    if (error && !isOver) say(`No journal is kept: ${error.message}`);
    isOver = true;
    closed.resolve();
    for (const { reject } of pending.values()) reject(new Error("There is no journal."));
    pending.clear();
  }

  return {
    observer: createObserver(config, queue),
    begin(base) {
      url = base;
    },
    async ask(question, ...args) {
      if (isOver) throw new Error("There is no journal.");
      const waiting = Promise.withResolvers<unknown>();
      const id = ++questions;
      pending.set(id, waiting);
      post({ ask: question, id, args });
      return waiting.promise as never;
    },
    follow(hearCalls) {
      followers.add(hearCalls);
      if (followers.size === 1) watch(true);
      return () => {
        if (followers.delete(hearCalls) && followers.size === 0) watch(false);
      };
    },
    get lost() {
      return lost;
    },
    async close() {
      queue.flush();
      if (!worker || isOver) return;
      worker.ref();
      post({ close: true });
      await closed.promise;
      isOver = true;
      await worker.terminate();
    },
  };

  function watch(isWatched: boolean): void {
    queue.watched(isWatched);
    post({ follow: isWatched });
  }
}

/** Keys have no business among its variables; OpenTelemetry reads some of its own there. */
function threadEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith("OTEL_"));
  return Object.fromEntries(own);
}

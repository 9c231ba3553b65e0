import { Worker } from "node:worker_threads";
import { keepPart } from "./keep.ts";
import { type Done, type Job, scribe } from "./scribe.ts";

/** Hands what is to be written to a thread: what comes in one turn of the event loop in one message. */
export type Pen = {
  /** Resolves when it is written: the number of the recording, once that is whole. */
  write(job: Job): Promise<number | undefined>;
  close(): Promise<void>;
};

type Waiting = { resolve(number: number | undefined): void; reject(error: Error): void };

export function createPen(): Pen {
  /** Who waits for the jobs that the thread has, in order. */
  const given: Waiting[] = [];
  // At once: what waits for it would be lost with the process.
  let worker: Worker | undefined = start();
  worker.unref();
  let jobs: Job[] = [];
  /** Who waits for the jobs of the next message. */
  let waiting: Waiting[] = [];

  function start(): Worker {
    // Not a file: a bundle and a single executable have none.
    const started = new Worker(`(${scribe})(${keepPart})`, { eval: true, stdin: false });
    started.on("message", (all: Done[]) => {
      for (const { number, error } of all) {
        const { resolve, reject } = given.shift()!;
        if (error === undefined) resolve(number);
        else reject(new Error(error));
      }
      if (given.length === 0) started.unref();
    });
    started.on("error", (error) => {
      worker = undefined;
      for (const { reject } of given.splice(0)) reject(error);
    });
    return started;
  }

  function give(): void {
    worker ??= start();
    worker.ref();
    worker.postMessage(jobs);
    given.push(...waiting);
    jobs = [];
    waiting = [];
  }

  return {
    write(job) {
      return new Promise((resolve, reject) => {
        // Waking a thread costs more than what it is told.
        if (jobs.push(job) === 1) setImmediate(give);
        waiting.push({ resolve, reject });
      });
    },
    async close() {
      await worker?.terminate();
    },
  };
}

import { Worker } from "node:worker_threads";
import { keepPart } from "./keep.ts";
import { type Done, type Job, scribe } from "./scribe.ts";

/** Hands what is to be written to a thread, all of one turn together. */
export type Pen = {
  /** Resolves when it is written: the number of the recording, once that is whole. */
  write(job: Job): Promise<number | undefined>;
  close(): Promise<void>;
};

type Waiting = { resolve(number: number | undefined): void; reject(error: Error): void };

export function createPen(): Pen {
  let worker: Worker | undefined;
  let jobs: Job[] = [];
  /** Who waits for the jobs of the next turn, and of those that the thread has, in order. */
  let waiting: Waiting[] = [];
  const given: Waiting[] = [];

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
        if (jobs.push(job) === 1) setImmediate(give);
        waiting.push({ resolve, reject });
      });
    },
    async close() {
      await worker?.terminate();
    },
  };
}

import type { keepPart } from "./keep.ts";

/** A piece of a recording on its way to its file. */
export type Job = {
  draft: number;
  /** Folder and name of the recording, but for number and ending. */
  stem: string;
  /** The file until it is whole. */
  part: string;
  /** What follows; `undefined`: the recording is given up. */
  text: string | undefined;
  isEnd: boolean;
};

/** What became of a job: `number`, of a recording that is whole now. */
export type Done = { number?: number; error?: string };

/**
 * Writes recordings, in a thread of its own, which gets it as text: nothing from outside may be used in it.
 * A thread, for a dozen calls of the system for every exchange would be felt by the exchanges.
 */
export function scribe(keep: typeof keepPart): void {
  const fs = process.getBuiltinModule("node:fs");
  const { dirname } = process.getBuiltinModule("node:path");
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  /** Open files, by their draft. */
  const files = new Map<number, number>();
  /** The numbers that come next: a request may come ten thousand times. */
  const next = new Map<string, number>();

  parentPort?.on("message", (jobs: Job[]) => parentPort.postMessage(jobs.map(attempt)));

  function attempt(job: Job): Done {
    try {
      return job.text === undefined ? drop(job) : write(job, job.text);
    } catch (error) {
      drop(job);
      return { error: (error as Error).message };
    }
  }

  function write({ draft, stem, part, isEnd }: Job, text: string): Done {
    const file = files.get(draft) ?? create(part);
    files.set(draft, file);
    fs.writeFileSync(file, text);
    if (!isEnd) return {};
    files.delete(draft);
    fs.closeSync(file);
    const known = next.get(stem);
    const number = keep(fs, part, stem, known && fs.existsSync(`${stem}.jsonl`) ? known : 1);
    if (next.size > 10_000) next.clear();
    next.set(stem, number + 1);
    return { number };
  }

  function create(part: string): number {
    // What people asked their machine is nobody else's business.
    const open = () => fs.openSync(part, "wx", 0o600);
    try {
      return open();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      fs.mkdirSync(dirname(part), { recursive: true });
      return open();
    }
  }

  function drop({ draft, part }: Job): Done {
    const file = files.get(draft);
    files.delete(draft);
    if (file !== undefined) fs.closeSync(file);
    fs.rmSync(part, { force: true });
    return {};
  }
}

/** The relay as a service: what is started, and how. */
export type Job = {
  /** Absolute program, and its arguments. */
  command: readonly string[];
  /** Milliseconds that live answers may take to finish when it is stopped. */
  drainMs: number;
  /** It starts no program that may need privileges of its own. */
  isConfined: boolean;
};

/** A command line; `mayFail`: there may be nothing for it to do; `patienceMs`: it may have to wait for that long. */
export type Step = { argv: readonly string[]; mayFail?: true; patienceMs?: number };

/** What keeps a user's programs running. It is told by a file, and by commands. */
export type Manager = {
  name: string;
  file: string;
  describe(job: Job): string;
  /** After the file was written; `isNew`: it says something else than before. */
  start(isNew: boolean): Step[];
  /** Before the file goes. */
  stop: Step[];
  /** After it went. */
  forget: Step[];
  status: Step;
  /** What `status` printed, in a word or two that begin with `active` where the relay runs. */
  readStatus(printed: string): string;
  /** For people: where its log is. */
  log: string;
};

/** Stands in each file that is ours, and in no other. */
export const mark = 'Made by "relay service install"';

import type { Check } from "./report.ts";

/** What a step has to say when it did not fail. */
export type Finding = {
  detail: string;
  status?: "skipped" | "warning";
  hint?: string;
  notes?: string[];
};

export type Step = {
  name: string;
  /** Steps without which this one means nothing. */
  needs?: string[];
  /** What it waits for, where that is not plain from its name. */
  doing?: string;
  /** Its own limit, and what to say when that is over; else those of all steps. */
  limit?: { ms: number; late(seconds: number): CheckFailure };
  run(signal: AbortSignal): Promise<Finding> | Finding;
};

/** Who stands on the way and may hold something up, as far as steps have seen. */
export type Seen = { interceptor?: string; proxy?: string };

/** Somebody who hears how the walk goes. */
export type Watcher = {
  begun(step: Step): void;
  done(check: Check): void;
  /** Something to know before a step goes on. */
  remark(text: string): void;
};

/** A step found something broken. */
export class CheckFailure extends Error {
  override name = "CheckFailure";
  readonly exitCode: number;
  readonly hint: string;
  readonly notes: string[] | undefined;

  constructor(exitCode: number, detail: string, hint: string, notes?: string[]) {
    super(detail);
    this.exitCode = exitCode;
    this.hint = hint;
    this.notes = notes;
  }
}

export function skipped(detail: string): Finding {
  return { status: "skipped", detail };
}

/** Steps that there is nothing to take for, so that a reader sees what is still unknown. */
export function namedSteps(names: string[], why: string): Step[] {
  return names.map((name) => ({ name, needs: ["config"], run: () => skipped(why) }));
}

/** `1 model`, `2 models`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

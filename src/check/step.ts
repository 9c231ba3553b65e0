/** How one check went. */
export type Check = {
  name: string;
  status: "passed" | "failed" | "skipped" | "warning";
  ms: number;
  /** What was found, in one line. */
  detail: string;
  /** What to do about it, in one line. */
  hint?: string;
};

/** What a step has to say when it did not fail. */
export type Finding = { detail: string; status?: "skipped" | "warning"; hint?: string };

export type Step = {
  name: string;
  /** Steps without which this one means nothing. */
  needs?: string[];
  run(signal: AbortSignal): Promise<Finding> | Finding;
};

/** A step found something broken. */
export class CheckFailure extends Error {
  override name = "CheckFailure";
  readonly exitCode: number;
  readonly hint: string;

  constructor(exitCode: number, detail: string, hint: string) {
    super(detail);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

export function skipped(detail: string): Finding {
  return { status: "skipped", detail };
}

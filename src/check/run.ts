import { printable } from "../config/shown.ts";
import type { Check, Report } from "./report.ts";
import { CheckFailure, type Finding, type Step, type Watcher } from "./step.ts";

type Options = { timeoutMs: number; strict: boolean; watcher: Watcher };

/**
 * Takes the steps one after the other, in the order of causes. What needs a failed step is skipped, so
 * that the first failure is the one to look at; its exit code is the report's.
 */
export class Run {
  readonly checks: Check[] = [];

  #options: Options;
  /** Steps that cannot be relied upon, and the failed step that is why. */
  #broken = new Map<string, string>();

  constructor(options: Options) {
    this.#options = options;
  }

  async take(steps: Step[]): Promise<void> {
    const { watcher } = this.#options;
    for (const step of steps) {
      watcher.begun(step);
      const check = clean(await this.#check(step));
      this.checks.push(check);
      watcher.done(check);
    }
  }

  toReport(upstream: string): Report {
    const { checks } = this;
    const failed = checks.find(({ status }) => status === "failed");
    const warned = this.#options.strict && checks.some(({ status }) => status === "warning");
    const exitCode = failed?.exitCode ?? (warned ? 1 : 0);
    return { version: 1, ok: exitCode === 0, upstream, exitCode, checks };
  }

  async #check({ name, needs = [], limit, run }: Step): Promise<Check> {
    const cause = needs.map((need) => this.#broken.get(need)).find((found) => found);
    if (cause) {
      this.#broken.set(name, cause);
      return { name, status: "skipped", ms: 0, detail: `skipped: needs ${cause}` };
    }
    const startedAt = performance.now();
    const since = () => Math.round(performance.now() - startedAt);
    try {
      const finding = await inTime(run, limit ?? { ms: this.#options.timeoutMs, late: tooSlow });
      return { name, status: "passed", ms: since(), ...finding };
    } catch (error) {
      const { exitCode, message: detail, hint, notes } = toFailure(error);
      this.#broken.set(name, name);
      const known = { name, status: "failed" as const, ms: since(), detail, hint, exitCode };
      return notes ? { ...known, notes } : known;
    }
  }
}

/** Much of it was said by others: no terminal may obey it. */
function clean({ detail, hint, notes, ...check }: Check): Check {
  return {
    ...check,
    detail: printable(detail),
    ...(hint !== undefined && { hint: printable(hint) }),
    ...(notes && { notes: notes.map(printable) }),
  };
}

/** No step can hold the others up, whatever it waits for. */
async function inTime(
  run: Step["run"],
  { ms, late }: NonNullable<Step["limit"]>,
): Promise<Finding> {
  const signal = AbortSignal.timeout(ms);
  const over = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => over.reject(late(ms / 1000)), { once: true });
  return Promise.race([run(signal), over.promise]);
}

function tooSlow(seconds: number): CheckFailure {
  const hint = "A firewall may drop the packets, or the other end hangs; --timeout waits longer.";
  return new CheckFailure(7, `no answer within ${seconds} s`, hint);
}

function toFailure(error: unknown): CheckFailure {
  if (error instanceof CheckFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CheckFailure(1, message, "This is unexpected: please report it as a bug.");
}

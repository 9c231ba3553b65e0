import { type Check, CheckFailure, type Finding, type Step } from "./step.ts";

export type Report = { ok: boolean; upstream: string; exitCode: number; checks: Check[] };

/**
 * Takes the steps one after the other, in the order of causes. What needs a failed step is skipped, so
 * that the first failure is the one to look at; its exit code is the report's.
 */
export class Run {
  readonly checks: Check[] = [];
  exitCode = 0;

  #timeoutMs: number;
  #tell: (check: Check) => void;
  /** Steps that cannot be relied upon, and the failed step that is why. */
  #broken = new Map<string, string>();

  constructor(timeoutMs: number, tell: (check: Check) => void) {
    this.#timeoutMs = timeoutMs;
    this.#tell = tell;
  }

  async take(steps: Step[]): Promise<void> {
    for (const step of steps) {
      const check = await this.#check(step);
      this.checks.push(check);
      this.#tell(check);
    }
  }

  toReport(upstream: string): Report {
    return { ok: this.exitCode === 0, upstream, exitCode: this.exitCode, checks: this.checks };
  }

  async #check({ name, needs = [], run }: Step): Promise<Check> {
    const cause = needs.map((need) => this.#broken.get(need)).find((found) => found);
    if (cause) {
      this.#broken.set(name, cause);
      return { name, status: "skipped", ms: 0, detail: `skipped: needs ${cause}` };
    }
    const startedAt = performance.now();
    const since = () => Math.round(performance.now() - startedAt);
    try {
      const finding = await inTime(run, this.#timeoutMs);
      return { name, status: "passed", ms: since(), ...finding };
    } catch (error) {
      const { exitCode, message, hint } = toFailure(error);
      this.#broken.set(name, name);
      this.exitCode ||= exitCode;
      return { name, status: "failed", ms: since(), detail: message, hint };
    }
  }
}

/** No step can hold the others up, whatever it waits for. */
async function inTime(run: Step["run"], timeoutMs: number): Promise<Finding> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => late.reject(tooSlow(timeoutMs)), { once: true });
  return Promise.race([run(signal), late.promise]);
}

function tooSlow(timeoutMs: number): CheckFailure {
  const hint = "A firewall may drop the packets, or the other end hangs; --timeout waits longer.";
  return new CheckFailure(7, `no answer within ${timeoutMs / 1000} s`, hint);
}

function toFailure(error: unknown): CheckFailure {
  if (error instanceof CheckFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CheckFailure(1, message, "This is unexpected: please report it as a bug.");
}

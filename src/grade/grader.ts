import type { Observer } from "../exchange.ts";
import { createRecord } from "./attempt.ts";
import { toCalls } from "./calls.ts";
import type { Grade, GradeReport } from "./report.ts";
import { type CommandEnd, type Finding, rules, type Verdict } from "./rules.ts";

export type Grader = {
  observer: Observer;
  /** What became of it, once the command has ended and the relay has stopped. */
  report(end: CommandEnd): GradeReport;
};

/** Watches how a client bears faults. */
export function createGrader(seed: number): Grader {
  const { observer, attempts } = createRecord();

  function report(end: CommandEnd): GradeReport {
    const calls = toCalls(attempts);
    const grades = rules.flatMap(({ name: rule, about, source, judge }): Grade[] => {
      const findings = calls.flatMap((call) => judge(call, calls, end)).toSorted(byVerdict);
      const [worst] = findings;
      if (!worst) return [];
      return [{ rule, verdict: worst.verdict, about, why: findings.map(({ why }) => why), source }];
    });
    const faults: Record<string, number> = {};
    for (const { fault } of attempts) if (fault) faults[fault] = (faults[fault] ?? 0) + 1;
    return {
      version: 1,
      ok: grades.every(({ verdict }) => verdict !== "failed"),
      exitCode: end.code,
      seed,
      faults,
      calls: calls.length,
      attempts: attempts.length,
      grades,
    };
  }

  return { observer, report };
}

const order: readonly Verdict[] = ["failed", "unknown", "passed"];

function byVerdict(one: Finding, other: Finding): number {
  return order.indexOf(one.verdict) - order.indexOf(other.verdict);
}

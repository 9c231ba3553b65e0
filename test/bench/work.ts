import { now } from "./clock.ts";
import { cpuMicros, targetCore } from "./process.ts";
import type { Target } from "./start.ts";

/** One thing that was found out about a target. */
export type Sample = {
  figure: string;
  value: number | undefined;
  /** What a direct connection takes is to be subtracted. */
  added?: true;
  /** The target could have done more: its core was not busy. */
  atLeast?: boolean;
  /** A point of a curve instead of a figure on its own. */
  curve?: { of: string; at: number };
};

/** What the targets are given to do, one after another, round by round. */
export type Work = {
  title: string;
  rounds: number;
  /** Bounds a measurement that has no other end. */
  ms: number;
  /** Only completions are asked for, which nginx can answer too. */
  completions?: true;
  /** Each measurement has a target that was just started; else all stand side by side. */
  fresh?: true;
  /** What counts of several rounds. */
  take: "median" | "least";
  /** Before the first round. */
  warmUp?(target: Target): Promise<unknown>;
  measure(target: Target, ms: number): Promise<Sample[]>;
};

export type Timed<T> = {
  result: T;
  micros: number;
  /** Microseconds of processor time that the target took. */
  cpu: number | undefined;
  /** The target's core had nothing to do for more than a tenth of the time. */
  idle: boolean;
  /** Microseconds that the target's core worked for other programs. */
  others: number;
};

/** Does something with a target, and looks what it takes. */
export async function timed<T>({ pid }: Target, run: () => Promise<T>): Promise<Timed<T>> {
  const before = { cpu: cpuMicros(pid), core: targetCore(), at: now() };
  const result = await run();
  const after = { cpu: cpuMicros(pid), core: targetCore(), at: now() };

  const micros = after.at - before.at;
  if (after.cpu === undefined || before.cpu === undefined)
    return { result, micros, cpu: undefined, idle: false, others: 0 };
  const cpu = after.cpu - before.cpu;
  if (!after.core || !before.core) return { result, micros, cpu, idle: false, others: 0 };
  const idle = after.core.idle - before.core.idle > 0.1 * micros;
  return { result, micros, cpu, idle, others: after.core.busy - before.core.busy - cpu };
}

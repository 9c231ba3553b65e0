import type { Call } from "../journal/call.ts";
import type { Certainty, Cost } from "../usage/usage.ts";

/** What `relay top` shows, and prints with `--json`. */
export type Snapshot = {
  /** Milliseconds since 1970. */
  at: number;
  running: Running[];
  /** Calls that ended within the last minute. */
  minute: {
    calls: number;
    /** Statuses from 400 on, and answers that did not come to their end. */
    errors: number;
    /** Milliseconds to the first slice; absent where no call had one. */
    firstSliceP50?: number;
    firstSliceP99?: number;
    outputTokensPerSecond: { state: Certainty; value: number };
  };
  /** Calls that began on this day in UTC, as budgets count it. */
  today: { calls: number; cost: Cost };
};

export type Running = {
  call: Call;
  ageMs: number;
  bytesPerSecond?: number;
  /** How long a stream that has begun says nothing. */
  silentMs?: number;
  isStalled: boolean;
};

/** A stream that is silent for longer has stalled. */
const stallMs = 5_000;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Remembers of calls what a snapshot needs. */
export function createTally() {
  const running = new Map<number, Call>();
  const recent = new Map<number, Call>();
  const costs = new Map<number, { startedAt: number; cost: Cost | undefined }>();

  return {
    take(call: Call): void {
      const { seq, startedAt, cost, ending } = call;
      costs.set(seq, { startedAt, cost });
      if (ending === undefined) running.set(seq, call);
      else {
        running.delete(seq);
        recent.set(seq, call);
      }
    },

    snapshot(at: number): Snapshot {
      for (const [seq, call] of recent) if (endOf(call) < at - minuteMs) recent.delete(seq);
      const midnight = midnightOf(at);
      for (const [seq, { startedAt }] of costs) if (startedAt < midnight) costs.delete(seq);
      return {
        at,
        running: [...running.values()].map((call) => toRunning(call, at)),
        minute: toMinute([...recent.values()]),
        today: { calls: costs.size, cost: sumOf([...costs.values()].map(({ cost }) => cost)) },
      };
    },
  };
}

/** The moment from which on calls matter. */
export function horizonOf(at: number): number {
  // A call of an hour may end in this minute.
  return Math.min(midnightOf(at), at - 60 * minuteMs);
}

function midnightOf(at: number): number {
  return at - (at % dayMs);
}

function endOf({ startedAt, times }: Call): number {
  return startedAt + (times.end ?? times.lastSlice ?? 0);
}

function toRunning(call: Call, at: number): Running {
  const { startedAt, times, bytesOut } = call;
  const ageMs = Math.max(0, at - startedAt);
  if (times.firstSlice === undefined) return { call, ageMs, isStalled: false };
  const silentMs = Math.max(0, ageMs - (times.lastSlice ?? times.firstSlice));
  const seconds = (ageMs - times.firstSlice) / 1000;
  return {
    ...{ call, ageMs, silentMs },
    ...(seconds > 0 && { bytesPerSecond: Math.round(bytesOut / seconds) }),
    isStalled: call.kind === "http" && silentMs > stallMs,
  };
}

function toMinute(calls: Call[]): Snapshot["minute"] {
  const waits = calls.flatMap(({ times }) => times.firstSlice ?? []).sort((a, b) => a - b);
  const usages = calls.flatMap(({ usage }) => usage ?? []);
  const isSure = usages.every(({ state }) => state === "known");
  const tokens = usages.reduce((sum, { output = 0 }) => sum + output, 0);
  return {
    calls: calls.length,
    errors: calls.filter(isError).length,
    ...(waits.length > 0 && {
      firstSliceP50: waits[Math.ceil(waits.length * 0.5) - 1]!,
      firstSliceP99: waits[Math.ceil(waits.length * 0.99) - 1]!,
    }),
    outputTokensPerSecond: {
      state: isSure ? "known" : tokens > 0 ? "partial" : "unknown",
      value: tokens / 60,
    },
  };
}

function isError({ status, ending }: Call): boolean {
  return status >= 400 || ending === "upstream_broke" || ending === "refused" || ending === "lost";
}

/** A sum is as sure as the least sure of its parts; where none is known, neither is it. */
function sumOf(costs: readonly (Cost | undefined)[]): Cost {
  const given = costs.filter((cost) => cost !== undefined);
  const nano = given.reduce((sum, cost) => sum + cost.nano, 0);
  if (given.every(({ state }) => state === "known")) return { state: "known", nano };
  const isKnown = given.some(({ state }) => state !== "unknown");
  return { state: isKnown ? "partial" : "unknown", nano };
}

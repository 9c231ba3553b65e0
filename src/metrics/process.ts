import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** What one process of the relay says of itself, at the moment when it is asked. */
export type ProcessFigures = {
  /** Milliseconds since 1970. */
  startedAt: number;
  cpuSeconds: number;
  residentBytes: number;
  heapBytes: number;
  /** How late the event loop was since the last time somebody asked, in seconds; the first time 0. */
  lag: { mean: number; p50: number; p99: number; max: number };
};

/** Milliseconds between two looks at the event loop. */
const resolution = 20;

let delays: IntervalHistogram | undefined;

/** From the first call on, the event loop is watched. */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    startedAt: performance.timeOrigin,
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    lag: lagSoFar(),
  };
}

function lagSoFar(): ProcessFigures["lag"] {
  if (!delays) {
    delays = monitorEventLoopDelay({ resolution });
    delays.enable();
    return { mean: 0, p50: 0, p99: 0, max: 0 };
  }
  // It measures from one look to the next, in nanoseconds.
  const late = (ns: number) => Math.max(0, ns / 1e9 - resolution / 1e3) || 0;
  const { mean, max } = delays;
  const [p50, p99] = [delays.percentile(50), delays.percentile(99)];
  delays.reset();
  return { mean: late(mean), p50: late(p50), p99: late(p99), max: late(max) };
}

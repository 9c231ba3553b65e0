import { setTimeout as pause } from "node:timers/promises";
import { memoryMiB } from "./process.ts";
import { askRepeatedly, holdIdle } from "./requests.ts";
import type { Row } from "./results.ts";
import type { Target } from "./start.ts";
import { holdStreams, openFirehose, readFirehose } from "./streams.ts";
import { type Sample, timed, type Work } from "./work.ts";

type Kind = Omit<Work, "rounds" | "ms">;

/** What must not grow: the same cost at each point, as more connections, events or time are added. */
export function curveWorks(): Work[] {
  return [
    { ...openStreams, rounds: 3, ms: 1000 },
    { ...idleConnections, rounds: 3, ms: 1000 },
    { ...moreConnections, rounds: 3, ms: 2000 },
    { ...longStream, rounds: 1, ms: 3000 },
    { ...uptime, rounds: 1, ms: 3000 },
  ];
}

const openStreams: Kind = {
  title: "Curve: open streams",
  fresh: true,
  take: "median",
  measure: (target, ms) =>
    grow(target, "KiB a stream, by open streams", ms, async (count) => {
      await holdStreams(target.port, count);
    }),
};

const idleConnections: Kind = {
  title: "Curve: idle connections",
  fresh: true,
  take: "median",
  measure: (target, ms) =>
    grow(target, "KiB an idle connection, by connections", ms, async (count) => {
      await holdIdle(target.port, count);
    }),
};

/** Memory a piece, as more of them are added to those that are there. */
async function grow(
  { pid }: Target,
  of: string,
  ms: number,
  add: (count: number) => Promise<void>,
): Promise<Sample[]> {
  const memory = () => memoryMiB(pid, "VmRSS") ?? Number.NaN;
  await pause(ms);
  const idle = memory();
  const samples: Sample[] = [];
  let there = 0;
  for (const at of [500, 1000, 2000, 4000]) {
    await add(at - there);
    there = at;
    await pause(ms);
    samples.push(point(of, at, ((memory() - idle) * 1024) / at));
  }
  return samples;
}

const moreConnections: Kind = {
  title: "Curve: connections at work",
  take: "median",
  warmUp: ({ port }) => askRepeatedly({ port, connections: 32, ms: 2000 }),
  async measure(target, ms) {
    const samples: Sample[] = [];
    for (const connections of [8, 32, 128, 512]) {
      const load = { port: target.port, connections, ms };
      const { result, cpu } = await timed(target, () => askRepeatedly(load));
      const value = cpu && cpu / result.requests;
      samples.push(point("CPU µs a request, by connections", connections, value));
    }
    return samples;
  },
};

const longStream: Kind = {
  title: "Curve: length of a stream",
  take: "median",
  warmUp: ({ port }) => readFirehose({ port, connections: 1, ms: 1000 }),
  async measure(target, ms) {
    const samples: Sample[] = [];
    const firehose = openFirehose(target.port, 1);
    for (let part = 1; part <= 5; part++) {
      const before = firehose.events();
      const { cpu } = await timed(target, () => Promise.race([pause(ms), firehose.lost]));
      const value = cpu && (cpu * 1000) / (firehose.events() - before);
      samples.push(point("CPU ns an event, by fifths of one stream", part, value));
      const memory = memoryMiB(target.pid, "VmRSS");
      samples.push(point("Memory, MiB, by fifths of one stream", part, memory));
    }
    firehose.stop();
    const figure = "Curve: million events in one stream";
    return [...samples, { figure, value: firehose.events() / 1e6 }];
  },
};

const uptime: Kind = {
  title: "Curve: uptime",
  take: "median",
  warmUp: ({ port }) => askRepeatedly({ port, connections: 32, ms: 3000 }),
  async measure(target, ms) {
    const samples: Sample[] = [];
    for (let part = 1; part <= 6; part++) {
      const load = { port: target.port, connections: 32, ms };
      const { result, cpu } = await timed(target, () => askRepeatedly(load));
      samples.push(point("CPU µs a request, by time", part, cpu && cpu / result.requests));
      samples.push(point("Memory, MiB, by time", part, memoryMiB(target.pid, "VmRSS")));
    }
    return samples;
  },
};

function point(of: string, at: number, value: number | undefined): Sample {
  return { figure: `${of}: ${at}`, value, curve: { of, at } };
}

export type Curve = {
  of: string;
  /** By target: where, and how much there. */
  points: Record<string, [at: number, value: number][]>;
  /** Of the relay: what a step more costs at the far end, divided by what it costs at the near end. */
  growth: number;
};

/** More than noise: what is called flat stays below. */
const mostGrowth = 1.3;

/** The curves among the rows. */
export function toCurves(rows: Row[]): Curve[] {
  const curves = new Map<string, Curve>();
  for (const { curve, values } of rows) {
    if (!curve) continue;
    const { of, at } = curve;
    if (!curves.has(of)) curves.set(of, { of, points: {}, growth: Number.NaN });
    for (const [target, value] of Object.entries(values)) {
      const { points } = curves.get(of)!;
      points[target] ??= [];
      points[target].push([at, value]);
    }
  }
  for (const curve of curves.values()) {
    const values = (curve.points.relay ?? []).map(([, value]) => value);
    curve.growth = values.at(-1)! / values[0]!;
  }
  return [...curves.values()];
}

/** A line a curve, with the verdict on it. */
export function describeCurve({ of, points, growth }: Curve): string {
  const lines = Object.entries(points).map(([target, all]) => {
    const steps = all.map(([at, value]) => `${at}: ${value.toPrecision(3)}`);
    return `    ${target.padEnd(8)}${steps.join("   ")}`;
  });
  const verdict = growth < mostGrowth ? "flat" : "GROWS";
  return [`  ${of}: ${verdict} (last/first ${growth.toFixed(2)})`, ...lines].join("\n");
}

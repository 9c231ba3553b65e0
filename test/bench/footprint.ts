import { setTimeout as pause } from "node:timers/promises";
import { download, upload } from "./bulk.ts";
import { now } from "./clock.ts";
import { get } from "./get.ts";
import { memoryMiB } from "./process.ts";
import { readNothing } from "./slow.ts";
import type { Target } from "./start.ts";
import { holdStreams } from "./streams.ts";
import { timed, type Work } from "./work.ts";

const mebi = 1_048_576;

/** What a target takes of the machine: time to start, memory, and what many bytes cost. */
export function footprintWorks(quick: boolean, upstreamPort: number): Work[] {
  const settleMs = quick ? 500 : 1000;
  return [
    { ...openStreams(1000, upstreamPort), rounds: 1, ms: settleMs },
    ...(quick ? [] : [{ ...openStreams(5000, upstreamPort), rounds: 1, ms: settleMs }]),
    { ...bulk(quick ? 128 : 512), rounds: quick ? 1 : 2, ms: 0 },
    { ...slowReaders, rounds: 1, ms: quick ? 1000 : 1500 },
    { ...startUp, rounds: quick ? 3 : 8, ms: 0 },
  ];
}

type Kind = Omit<Work, "rounds" | "ms">;

function openStreams(count: number, upstreamPort: number): Kind {
  return {
    title: `${count} open streams`,
    fresh: true,
    take: "median",
    async measure(target, ms) {
      const { port, pid } = target;
      await pause(ms);
      const idle = memoryMiB(pid, "VmRSS") ?? Number.NaN;
      const streams = await holdStreams(port, count);
      const { cpu, micros } = await timed(target, () => pause(ms));
      const during = memoryMiB(pid, "VmRSS") ?? Number.NaN;
      const leftAt = now();
      streams.leave();
      const freedAt = await untilGone(upstreamPort);
      await pause(ms);
      const after = memoryMiB(pid, "VmRSS") ?? Number.NaN;
      return [
        { figure: "Idle: memory, MiB", value: idle },
        { figure: `${count} open streams: KiB each`, value: ((during - idle) * 1024) / count },
        {
          figure: `${count} open streams, an event a second each: core used, %`,
          value: cpu && (cpu / micros) * 100,
        },
        {
          figure: `${count} streams left: still held, KiB each`,
          value: ((after - idle) * 1024) / count,
        },
        { figure: `${count} streams left: upstream freed, ms`, value: (freedAt - leftAt) / 1000 },
      ];
    },
  };
}

/** When upstream saw its last stream close. */
async function untilGone(upstreamPort: number): Promise<number> {
  for (const deadline = now() + 10e6; now() < deadline; await pause(5)) {
    const { open, lastGoneAt } = JSON.parse(await get(upstreamPort, "/streams"));
    if (open === 0) return lastGoneAt;
  }
  return Number.NaN;
}

function bulk(size: number): Kind {
  return {
    title: `${size} MiB up and down`,
    fresh: true,
    take: "median",
    async measure(target) {
      const { port, pid } = target;
      const up = await timed(target, () => upload(port, size * mebi));
      const down = await timed(target, () => download(port, size * mebi));
      const figures = (name: string, { result, cpu, idle }: typeof up) => [
        { figure: `${name} ${size} MiB: MB/s`, value: (size * mebi) / 1e6 / result, atLeast: idle },
        { figure: `${name} ${size} MiB: CPU ns/byte`, value: cpu && (cpu * 1000) / (size * mebi) },
      ];
      return [
        ...figures("Upload", up),
        ...figures("Download", down),
        { figure: `Up and down ${size} MiB: peak memory, MiB`, value: memoryMiB(pid, "VmHWM") },
      ];
    },
  };
}

const slowReaders: Kind = {
  title: "64 downloads that nobody reads",
  fresh: true,
  take: "median",
  async measure({ port, pid }, ms) {
    await readNothing(port, 64, 64 * mebi, ms);
    return [{ figure: "64 downloads, unread: peak memory, MiB", value: memoryMiB(pid, "VmHWM") }];
  },
};

const startUp: Kind = {
  title: "Start",
  fresh: true,
  take: "least",
  async measure({ port, pid, startedAt, readyMs, health }: Target) {
    if (pid === undefined) return [];
    const since = () => (now() - startedAt) / 1000;
    const healthMs = health === undefined ? undefined : await get(port, health).then(since);
    await download(port, 2);
    return [
      { figure: "Start: until it listens, ms", value: readyMs },
      { figure: "Start: until /_relay/health is 200, ms", value: healthMs },
      { figure: "Start: until the first answer from upstream, ms", value: since() },
    ];
  },
};

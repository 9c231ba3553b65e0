import { askAtRate } from "./rate.ts";
import { type Answered, askRepeatedly, type Load } from "./requests.ts";
import { quantile } from "./stats.ts";
import { readFirehose, readPaced } from "./streams.ts";
import { talk } from "./websocket.ts";
import { type Sample, timed, type Work } from "./work.ts";

type Ask = (load: Load) => Promise<Answered>;

/** What a warm target can do in a second, and how much time it adds. */
export function speedWorks(quick: boolean, ask: Ask): Work[] {
  const rounds = quick ? 1 : 2;
  return [
    { ...completions(ask), rounds, ms: quick ? 1000 : 1200 },
    { ...latency, rounds, ms: quick ? 600 : 800 },
    { ...pacedStreams, rounds, ms: quick ? 800 : 1000 },
    { ...fixedRate, rounds, ms: quick ? 1000 : 1500 },
    { ...firehose, rounds, ms: quick ? 600 : 800 },
    { ...messages, rounds, ms: quick ? 600 : 800 },
  ];
}

type Kind = Omit<Work, "rounds" | "ms">;

function completions(ask: Ask): Kind {
  return {
    title: "JSON, 32 and 256 connections",
    completions: true,
    take: "median",
    warmUp: ({ port }) => ask({ port, connections: 32, ms: 1000 }),
    async measure(target, ms) {
      const samples: Sample[] = [];
      for (const connections of [32, 256]) {
        const load = { port: target.port, connections, ms };
        const { result, cpu, idle } = await timed(target, () => ask(load));
        const { requests, seconds } = result;
        const name = `JSON, ${connections} connections`;
        samples.push({ figure: `${name}: requests/s`, value: requests / seconds, atLeast: idle });
        samples.push({ figure: `${name}: CPU µs/request`, value: cpu && cpu / requests });
      }
      return samples;
    },
  };
}

const latency: Kind = {
  title: "JSON, 1 connection",
  take: "median",
  warmUp: ({ port }) => askRepeatedly({ port, connections: 1, ms: 500 }),
  async measure({ port }, ms) {
    const took: number[] = [];
    await askRepeatedly({ port, connections: 1, ms }, took);
    return added("JSON, 1 connection", took);
  },
};

const pacedStreams: Kind = {
  title: "SSE, 8 streams, an event each 4 ms",
  take: "median",
  warmUp: ({ port }) => readPaced({ ...paced, port, ms: 500 }),
  async measure({ port }, ms) {
    const { first, later } = await readPaced({ ...paced, port, ms });
    return [...added("SSE, first event", first), ...added("SSE, each event", later)];
  },
};

const paced = { connections: 8, everyMs: 4, events: 16 };

const firehose: Kind = {
  title: "SSE, 8 streams without pause",
  take: "median",
  warmUp: ({ port }) => readFirehose({ port, connections: 8, ms: 300 }),
  async measure(target, ms) {
    const load = { port: target.port, connections: 8, ms };
    const { result, cpu, idle } = await timed(target, () => readFirehose(load));
    const { events, seconds } = result;
    return [
      { figure: "SSE firehose: events/s", value: events / seconds, atLeast: idle },
      { figure: "SSE firehose: CPU ns/event", value: cpu && (cpu * 1000) / events },
    ];
  },
};

const fixedRate: Kind = {
  title: "JSON, 1,000 requests/s",
  take: "median",
  warmUp: ({ port }) => askAtRate({ port, connections: 32, perSecond: 1000, ms: 1000 }),
  async measure({ port }, ms) {
    const took = await askAtRate({ port, connections: 32, perSecond: 1000, ms });
    return added("JSON, 1,000 requests/s", took, [0.5, 0.99, 0.999]);
  },
};

const messages: Kind = {
  title: "WebSocket, 32 connections",
  take: "median",
  warmUp: ({ port }) => talk({ port, connections: 32, ms: 300 }),
  async measure(target, ms) {
    const load = { port: target.port, connections: 32, ms };
    const { result, cpu, idle } = await timed(target, () => talk(load));
    return [
      { figure: "WebSocket: messages/s", value: result.messages / result.seconds, atLeast: idle },
      { figure: "WebSocket: CPU µs/message", value: cpu && cpu / result.messages },
    ];
  },
};

function added(name: string, micros: number[], shares = [0.5, 0.99]): Sample[] {
  return shares.map((share) => ({
    figure: `${name}: added µs, p${share * 100}`,
    value: quantile(micros, share),
    added: true,
  }));
}

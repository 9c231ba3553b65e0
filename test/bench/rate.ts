import { now } from "./clock.ts";
import { createReader, openConnection } from "./connection.ts";
import { askJson } from "./wire.ts";

type Rate = { port: number; connections: number; perSecond: number; ms: number };

const question = Buffer.from(askJson);

/**
 * Asks at a fixed rate, whether or not the answers keep up; microseconds from the moment at which each
 * question was due to its answer, so that time spent waiting for a slow answer counts.
 */
export function askAtRate({ port, connections, perSecond, ms }: Rate): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const took: number[] = [];
  /** Moments at which questions were due that no connection was free for. */
  const late: number[] = [];
  const everyMicros = 1e6 / perSecond;
  const startedAt = now();
  let due = startedAt;
  const free: ((dueAt: number) => void)[] = [];

  const sockets = Array.from({ length: connections }, () => {
    const isWhole = createReader();
    let dueAt = 0;
    const ask = (at: number) => {
      dueAt = at;
      socket.write(question);
    };
    const rest = () => {
      const next = late.shift();
      if (next === undefined) free.push(ask);
      else ask(next);
    };
    const socket = openConnection(port, {
      opened: rest,
      received(bytes, got) {
        if (!isWhole(bytes, got)) return;
        took.push(now() - dueAt);
        rest();
      },
      lost: stop,
    });
    return socket;
  });

  const timer = setInterval(() => {
    const until = now();
    if (until - startedAt > ms * 1000) return stop();
    for (; due <= until; due += everyMicros) {
      const ask = free.pop();
      if (ask) ask(due);
      else late.push(due);
    }
  }, 1);

  function stop(error?: Error): void {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    if (error) reject(error);
    else resolve(took);
  }
  return promise;
}

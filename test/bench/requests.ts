import { now } from "./clock.ts";
import { createReader, openConnection, readHead } from "./connection.ts";
import { askJson } from "./wire.ts";

export type Load = { port: number; connections: number; ms: number };

export type Answered = { requests: number; seconds: number };

const question = Buffer.from(askJson);

/**
 * Asks over and over on so many connections, each with one question under way. Puts the time that each
 * answer took, in microseconds, into `latencies`.
 */
export function askRepeatedly(
  { port, connections, ms }: Load,
  latencies: number[] = [],
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const startedAt = now();
  /** Of the answers so far, which are all the same. */
  let length = 0;

  const sockets = Array.from({ length: connections }, () => {
    let left = 0;
    let askedAt = 0;
    const ask = () => {
      askedAt = now();
      socket.write(question);
    };
    const socket = openConnection(port, {
      opened: ask,
      received(bytes, got) {
        if (left > 0) left -= got;
        else {
          if (got !== length || bytes[9] !== 50) {
            const { headBytes, bodyBytes } = readHead(bytes, got);
            length = headBytes + bodyBytes;
          }
          left = length - got;
        }
        if (left > 0) return;
        latencies.push(now() - askedAt);
        ask();
      },
      lost: stop,
    });
    return socket;
  });
  const timer = setTimeout(stop, ms);

  function stop(error?: Error): void {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    if (error) reject(error);
    else resolve({ requests: latencies.length, seconds: (now() - startedAt) / 1e6 });
  }
  return promise;
}

/** Opens so many connections, asks once on each, and leaves them open when the answers are there. */
export async function holdIdle(port: number, count: number): Promise<void> {
  const answers = Array.from({ length: count }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const isWhole = createReader();
    const socket = openConnection(port, {
      opened: () => socket.write(question),
      received(bytes, got) {
        if (isWhole(bytes, got)) resolve();
      },
      lost: reject,
    });
    return promise;
  });
  await Promise.all(answers);
}

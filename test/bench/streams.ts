import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Chunks } from "./chunks.ts";
import { now } from "./clock.ts";
import { openConnection, readHead } from "./connection.ts";
import { askStream, eventBytes, momentsIn } from "./wire.ts";

/** Microseconds until a stream's first event, and from upstream's sending of each later one. */
export type Delays = { first: number[]; later: number[] };

type Paced = { port: number; connections: number; everyMs: number; events: number; ms: number };

/** Reads one paced stream after another on each connection. */
export async function readPaced(load: Paced): Promise<Delays> {
  const { port, connections, everyMs, events, ms } = load;
  const delays: Delays = { first: [], later: [] };
  const streams = Array.from({ length: connections }, () => {
    let askedAt = 0;
    return openStream(port, askStream(everyMs, events), {
      asked() {
        askedAt = now();
      },
      read(bytes, from, to) {
        const readAt = now();
        const moments = momentsIn(bytes.toString("latin1", from, to));
        if (askedAt > 0 && moments.length > 0) {
          delays.first.push(readAt - askedAt);
          moments.shift();
          askedAt = 0;
        }
        for (const at of moments) delays.later.push(readAt - at);
      },
    });
  });
  await Promise.race([pause(ms), ...streams.map((stream) => stream.lost)]);
  for (const { socket } of streams) socket.destroy();
  return delays;
}

type Firehose = { events(): number; lost: Promise<never>; stop(): void };

/** Reads streams that never pause or end; `events` tells how many came so far. */
export function openFirehose(port: number, connections: number): Firehose {
  const streams = Array.from({ length: connections }, () =>
    openStream(port, askStream(0, 0), { asked() {}, read() {} }),
  );
  return {
    events: () => streams.reduce((sum, { chunks }) => sum + chunks.bytes, 0) / eventBytes,
    lost: Promise.race(streams.map((stream) => stream.lost)),
    stop() {
      for (const { socket } of streams) socket.destroy();
    },
  };
}

type Load = { port: number; connections: number; ms: number };

/** Reads such streams for a while; how many events came in how many seconds. */
export async function readFirehose(load: Load): Promise<{ events: number; seconds: number }> {
  const { port, connections, ms } = load;
  const startedAt = now();
  const firehose = openFirehose(port, connections);
  await Promise.race([pause(ms), firehose.lost]);
  firehose.stop();
  return { events: firehose.events(), seconds: (now() - startedAt) / 1e6 };
}

/** Opens so many streams, with an event each second, and waits until each has its first event. */
export async function holdStreams(port: number, count: number): Promise<{ leave(): void }> {
  const streams = Array.from({ length: count }, () => {
    const began = Promise.withResolvers<void>();
    const stream = openStream(port, askStream(1000, 1e9), {
      asked() {},
      read: () => began.resolve(),
    });
    return { ...stream, began: began.promise };
  });
  const lost = Promise.race(streams.map((stream) => stream.lost));
  await Promise.race([Promise.all(streams.map((stream) => stream.began)), lost]);
  lost.catch(() => {});
  return {
    leave() {
      for (const { socket } of streams) socket.destroy();
    },
  };
}

type Reader = { asked(): void; read(bytes: Buffer, from: number, to: number): void };

type Stream = {
  socket: Socket;
  chunks: Chunks;
  /** Rejects when the connection breaks. */
  lost: Promise<never>;
};

/** Asks for a stream, and once more each time that it has come to its end. */
function openStream(port: number, request: string, { asked, read }: Reader): Stream {
  const chunks = new Chunks();
  const { promise: lost, reject } = Promise.withResolvers<never>();
  let inHead = true;

  const ask = () => {
    inHead = true;
    chunks.ended = false;
    asked();
    socket.write(request);
  };
  const socket = openConnection(port, {
    opened: ask,
    received(bytes, length) {
      const from = inHead ? readHead(bytes, length).headBytes : 0;
      inHead = false;
      chunks.add(bytes, from, length);
      if (from < length) read(bytes, from, length);
      if (chunks.ended) ask();
    },
    lost: reject,
  });
  return { socket, chunks, lost };
}

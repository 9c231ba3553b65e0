import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Trace } from "./trace.ts";

/**
 * Plays upstream's part on one connection, exchange after exchange, and notes what it sees of the
 * relay. `raw` is the connection below TLS: only that can be reset.
 */
export function playUpstream(
  connection: Duplex,
  raw: Socket,
  traceOf: (id: number) => Trace,
): void {
  let received = "";
  let current: Trace | undefined;
  let askedAt = 0;

  connection.on("data", (bytes: Buffer) => {
    received += bytes.toString("latin1");
    const headEnd = received.indexOf("\r\n\r\n") + 4;
    if (headEnd < 4) return;
    if (!current) {
      current = traceOf(Number(/^\w+ \/v1\/(\d+) /.exec(received)?.[1]));
      current.arrivals++;
      current.serving++;
      askedAt = performance.now();
    }
    if (!isWhole(received, headEnd)) return;
    received = "";
    current.wasAskedWhole = true;
    answer(current);
  });
  connection.on("error", () => {});
  connection.on("end", () => {
    heardOfLeaving();
    connection.end();
  });
  connection.on("close", heardOfLeaving);

  /** The relay closed the connection before upstream was done with it. */
  function heardOfLeaving(): void {
    if (!current) return;
    if (current.leftAt === undefined) current.wasDropped = true;
    else current.heardAfter = performance.now() - Math.max(current.leftAt, askedAt);
    release();
  }

  function release(): void {
    if (current) current.serving--;
    current = undefined;
  }

  async function answer(trace: Trace): Promise<void> {
    for (const { bytes, ms } of trace.script.segments) {
      if (ms > 0) await pause(ms);
      if (current !== trace) return;
      connection.write(bytes);
    }
    // What was said has to leave before the last act.
    await new Promise((sent) => connection.write("", sent));
    if (current !== trace) return;
    trace.saidAll = true;
    // Whoever is first when both leave at once.
    if (trace.id % 2 === 0) act(trace);
    trace.onLastAct?.();
    if (trace.id % 2 === 1) act(trace);
  }

  function act({ script: { last } }: Trace): void {
    if (last === "silence") return;
    release();
    if (last === "end") connection.end();
    if (last === "reset") raw.resetAndDestroy();
  }
}

function isWhole(request: string, headEnd: number): boolean {
  const head = request.slice(0, headEnd);
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return request.endsWith("\r\n0\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  return request.length - headEnd >= Number(length ?? 0);
}

import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { readAnswer } from "./script.ts";
import { stuckAfter } from "./stage.ts";
import type { Trace } from "./trace.ts";

/** Milliseconds after which a client leaves that was to leave at a moment that never came. */
const patience = 60;

/** Plays the client's part, until its connection is closed. */
export async function playClient(trace: Trace, port: number, ca: string): Promise<void> {
  const { plan, request, script } = trace;
  const { leaves, how, isDeaf } = plan.client;
  const raw = connect({ port, host: "127.0.0.1", noDelay: true });
  const socket = plan.tls ? connectTls({ socket: raw, host: "127.0.0.1", ca }) : raw;
  const closed = once(raw, "close").catch(() => {});
  const isPlanned = leaves !== "never";
  let receivedBytes = 0;

  const leave = (isWhole: boolean) => {
    if (trace.leftAt !== undefined || trace.gotWhole || raw.destroyed) return;
    if (isWhole) trace.gotWhole = true;
    else trace.leftAt = performance.now();
    if (how === "reset") raw.resetAndDestroy();
    else raw.destroy();
  };
  raw.on("error", () => {});
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    trace.received.push(bytes);
    receivedBytes += bytes.length;
    const isWhole = readAnswer(Buffer.concat(trace.received), false)?.isWhole === true;
    const isDue = typeof leaves === "object" && "read" in leaves;
    if (isWhole || (isDue && receivedBytes >= leaves.read * answerBytes)) leave(isWhole);
  });
  socket.on("end", () => {
    trace.endedInOrder = true;
  });
  if (isDeaf && isPlanned) socket.pause();

  const answerBytes = script.segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const giveUp = () => {
    trace.isStuck = true;
    raw.destroy();
  };
  const timers = [setTimeout(giveUp, stuckAfter)];
  const leaveIn = (ms: number) => timers.push(setTimeout(leave, ms, false));
  if (leaves === "with upstream") trace.onLastAct = () => leave(false);
  else if (script.last === "silence") trace.onLastAct = () => leaveIn(5);
  if (isPlanned) leaveIn(typeof leaves === "object" && "ms" in leaves ? leaves.ms : patience);

  socket.once(plan.tls ? "secureConnect" : "connect", () => {
    if (typeof leaves === "object" && "asked" in leaves)
      socket.write(request.subarray(0, leaves.asked * request.length), () => leave(false));
    else socket.write(request);
  });
  await closed;
  for (const timer of timers) clearTimeout(timer);
}

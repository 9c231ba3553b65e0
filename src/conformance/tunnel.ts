import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Case, headBytes, lengthOf } from "./case.ts";
import { type Recording, refusalOf } from "./exchange.ts";
import { Progress } from "./progress.ts";
import { MessageReader } from "./reader.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Sends a handshake to a port, lets both sides say what the case has for them, and waits until both
 * connections are closed. What was said is the body of the request and of the 101.
 */
export async function tunnel(
  upstream: Upstream,
  port: number,
  sent: Case,
  patienceMs: number,
): Promise<Recording> {
  const progress = new Progress();
  const recording: Recording = {
    requests: upstream.begin(sent.answers, progress),
    interim: [],
    answer: undefined,
    ended: "cut",
    next: "closed",
  };
  const refused = Promise.withResolvers<boolean>();
  const over = Promise.withResolvers<void>();
  const reader = new MessageReader({
    method: () => sent.ask.method,
    head(message) {
      recording.answer = message;
      progress.heads.add(1);
    },
    data: (_message, length) => progress.down.add(length),
    end(message) {
      recording.ended = "complete";
      if (refusalOf(message) !== undefined) refused.resolve(true);
      over.resolve();
    },
  });

  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  socket.on("data", (bytes) => reader.push(bytes));
  socket.on("error", () => {});
  socket.on("end", () => reader.close());
  const closed = once(socket, "close").catch(() => {});

  async function run(): Promise<boolean> {
    await once(socket, "connect");
    await speak(socket, sent, port, progress, over.promise);
    if (sent.ask.body.cut === "reset") recording.ended = "the client left";
    await closed;
    await progress.lost.reach(1);
    return true;
  }

  const patience = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => patience.resolve(false), patienceMs);
  const moved = await Promise.race([run(), refused.promise, patience.promise]);
  clearTimeout(timer);
  if (!moved) recording.ended = "nothing moved any more";
  socket.destroy();
  return recording;
}

async function speak(
  socket: Socket,
  { ask, answers }: Case,
  port: number,
  progress: Progress,
  over: Promise<void>,
): Promise<void> {
  const { slices, paced, cut } = ask.body;
  const head = headBytes(`${ask.method} ${ask.target} HTTP/1.1`, [
    ["Host", ` 127.0.0.1:${port}`],
    ...ask.lines,
  ]);
  socket.write(paced ? head : Buffer.concat([head, ...slices]));
  await progress.heads.reach(1);
  let said = 0;
  for (const [i, slice] of paced ? slices.entries() : []) {
    if (ask.hasLastWord && i === slices.length - 1) await over;
    socket.write(slice);
    said += slice.length;
    await progress.up.reach(said);
  }
  progress.said.add(1);
  if (cut === "reset") {
    await progress.down.reach(lengthOf(answers[0]!.body.slices));
    socket.resetAndDestroy();
  }
  if (cut === "closed") socket.end();
  else over.then(() => socket.end());
}

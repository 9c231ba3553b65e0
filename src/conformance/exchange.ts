import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Case, headBytes, isHandshake, lastBytes, lengthOf, sliceBytes } from "./case.ts";
import { Progress } from "./progress.ts";
import { MessageReader } from "./reader.ts";
import type { Upstream } from "./upstream.ts";
import { asksToClose, type Message, valuesOf } from "./wire.ts";

/** Everything that both ends saw of one exchange. */
export type Recording = {
  /** What arrived at the upstream. */
  requests: Message[];
  interim: Message[];
  answer: Message | undefined;
  ended: "complete" | "cut" | "the client left" | "nothing moved any more";
  /** What another request on the same connection got. */
  next: "served" | "closed" | "refused by the relay" | "something else";
};

/** The request that looks whether the connection still works; its query is what nobody rewrites. */
const afterwards = "GET /v1/models?afterwards HTTP/1.1";

/** Sends a case to a port by a bare socket, and waits until both ends have seen the end of it. */
export async function exchange(
  upstream: Upstream,
  port: number,
  sent: Case,
  patienceMs: number,
): Promise<Recording> {
  const { ask, answers } = sent;
  const progress = new Progress();
  const seen = upstream.begin(answers, progress);
  const recording: Recording = {
    requests: seen,
    interim: [],
    answer: undefined,
    ended: "nothing moved any more",
    next: "closed",
  };
  const got = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<void>();
  const next = Promise.withResolvers<void>();
  let asking = ask.method;
  const reader = new MessageReader({
    method: () => asking,
    interim(message) {
      recording.interim.push(message);
      progress.heads.add(1);
    },
    head(message) {
      if (recording.answer === undefined) recording.answer = message;
      progress.heads.add(1);
    },
    data: (_message, length) => progress.down.add(length),
    end(message) {
      if (message === recording.answer) {
        recording.ended = "complete";
        if (refusalOf(message) !== undefined) refused.resolve();
        got.resolve();
        return;
      }
      if (message.first === "HTTP/1.1 200 OK") recording.next = "served";
      else
        recording.next =
          refusalOf(message) === undefined ? "something else" : "refused by the relay";
      next.resolve();
    },
  });

  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("data", (bytes) => reader.push(bytes));
  socket.on("error", () => {});
  socket.on("end", () => reader.close());
  const closed = once(socket, "close").catch(() => {});
  closed.then(() => {
    if (recording.ended === "nothing moved any more") recording.ended = "cut";
    got.resolve();
    next.resolve();
  });

  async function run(): Promise<void> {
    await once(socket, "connect");
    const sending = send(socket, sent, port, progress);
    await Promise.race([ask.leaves ? leave() : got.promise, refused.promise]);
    // Who is turned away has nothing more to say, and whether the connection stays is no matter.
    if (recording.ended !== "complete" || refusalOf(recording.answer) !== undefined) return;
    await Promise.race([sending, closed]);
    // Whether a connection outlives a refused handshake is for each side to say.
    if (isHandshake(ask)) return;
    if (ask.version === "1.0" || asksToClose(ask.lines) || recording.answer?.framing === "close")
      await closed;
    else await askAgain();
  }

  async function leave(): Promise<void> {
    if (ask.leaves === "during the upload") await progress.up.reach(lengthOf(ask.body.slices));
    else if (ask.leaves === "before the head") await progress.asked.reach(1);
    else if (ask.leaves === "after an early answer") await got.promise;
    else await progress.down.reach(answers[0]!.body.slices[0]!.length);
    socket.destroy();
    recording.ended = "the client left";
    await progress.lost.reach(1);
  }

  async function askAgain(): Promise<void> {
    asking = "GET";
    if (!ask.isPipelined) socket.write(nextBytes(port, ask));
    await next.promise;
    if (recording.next === "closed" && reader.pending.length > 0) recording.next = "something else";
  }

  const patience = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => patience.resolve(false), patienceMs);
  const moved = await Promise.race([run().then(() => true), patience.promise]);
  clearTimeout(timer);
  if (!moved) recording.ended = "nothing moved any more";
  socket.destroy();
  recording.requests = seen.filter(({ first }) => !first.includes("?afterwards "));
  return recording;
}

/** The code of an answer that is the relay's own. */
export function refusalOf(answer: Message | undefined): string | undefined {
  return answer && valuesOf(answer.lines, "x-relay-error")[0];
}

function nextBytes(port: number, { lines }: Case["ask"]): Buffer {
  const tokens = lines.filter(([name]) => /^x-relay-token$/i.test(name));
  return headBytes(afterwards, [["Host", ` 127.0.0.1:${port}`], ...tokens]);
}

async function send(
  socket: Socket,
  { ask, answers }: Case,
  port: number,
  progress: Progress,
): Promise<void> {
  const { method, target, version = "1.1", lines, body } = ask;
  const first = `${method} ${target.replace("AUTHORITY", `127.0.0.1:${port}`)} HTTP/${version}`;
  const head = headBytes(first, [["Host", ` 127.0.0.1:${port}`], ...lines]);
  const pieces = body.slices.map((slice) => sliceBytes(slice, body));
  const last = ask.leaves === "during the upload" ? Buffer.alloc(0) : lastBytes(body);
  const expects = lines.some(([name]) => /^expect$/i.test(name));
  if (!body.paced && !expects) {
    const next = ask.isPipelined ? [nextBytes(port, ask)] : [];
    socket.write(Buffer.concat([head, ...pieces, last, ...next]));
    return;
  }
  socket.write(head);
  if (expects) await progress.heads.reach(1);
  let got = 0;
  for (const [i, piece] of pieces.entries()) {
    if (i === 1 && answers[0]?.early) await progress.heads.reach(1);
    socket.write(piece);
    got += body.slices[i]!.length;
    if (body.paced) await progress.up.reach(got);
  }
  if (ask.leaves === undefined) socket.write(last);
}

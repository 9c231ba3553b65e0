import type { Socket } from "node:net";
import { type Answer, headBytes, lastBytes, lengthOf, sliceBytes } from "./case.ts";
import type { Gauge } from "./gauge.ts";
import type { Progress } from "./progress.ts";
import { asksToClose, type Message } from "./wire.ts";

/** A request that has begun to arrive, and what it is to get. */
export type Turn = {
  message: Message;
  answer: Answer;
  progress: Progress;
  /** Rises with the first byte of the body, or its end. */
  begun: Gauge;
  ended: Gauge;
};

/** Gives a prepared answer, at the moments it names. */
export async function answer(
  socket: Socket,
  { answer, progress, begun, ended, message }: Turn,
): Promise<void> {
  const { body } = answer;
  const isBodiless =
    message.first.startsWith("HEAD ") || answer.status === 204 || answer.status === 304;
  await (answer.early ? begun : ended).reach(1);
  if (answer.stops === "before the head") return;

  let heads = progress.heads.value;
  for (const { first, lines } of answer.interim ?? []) {
    socket.write(headBytes(first, lines));
    if (body.paced) await progress.heads.reach(++heads);
  }
  const first = `HTTP/${answer.version ?? "1.1"} ${answer.status} ${answer.reason}`;
  const head = headBytes(first, answer.lines);
  const slices = isBodiless ? [] : body.slices;
  if (!body.paced) {
    const pieces = [head, ...slices.map((slice) => sliceBytes(slice, body))];
    socket.write(Buffer.concat(pieces));
    if (body.cut === "reset") await progress.down.reach(lengthOf(slices));
  } else {
    socket.write(head);
    await progress.heads.reach(heads + 1);
    let sent = progress.down.value;
    for (const [i, slice] of slices.entries()) {
      if (i === 1 && answer.early === "head") await ended.reach(1);
      socket.write(sliceBytes(slice, body));
      sent += slice.length;
      await progress.down.reach(sent);
      if (answer.stops === "after the first slice") return;
    }
  }
  if (answer.stops === "before the end") return;
  if (body.cut && message.framing === "close") await progress.said.reach(1);
  if (body.cut === "reset") socket.resetAndDestroy();
  else if (body.cut === "closed") socket.end();
  else {
    if (!isBodiless) socket.write(lastBytes(body));
    if (body.framing === "close" || asksToClose(answer.lines) || isLast(message)) socket.end();
  }
}

/** The client wants nothing after this. */
function isLast({ first, lines }: Message): boolean {
  return first.endsWith("HTTP/1.0") || asksToClose(lines);
}

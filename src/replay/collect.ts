import type { HeaderList } from "../exchange.ts";
import { LocalReply } from "../server/local-reply.ts";
import type { Recorded } from "./recorded.ts";
import type { Way } from "./way.ts";

/** An answer as far as it was wanted. */
export type Collected = { status: number; headers: HeaderList; body: Buffer; isCut: boolean };

/** Sends a request again and keeps of the answer `most` bytes; what follows is waited for, but not kept. */
export function collectAnswer(
  way: Way,
  request: Recorded,
  most: number,
  signal: AbortSignal,
): Promise<Collected> {
  const { promise, resolve, reject } = Promise.withResolvers<Collected>();
  const got: Collected = { status: 0, headers: [], body: Buffer.alloc(0), isCut: false };
  const chunks: Buffer[] = [];
  let room = most;
  const reply = new LocalReply(request.method, {
    head: (status, _reason, headers) => void Object.assign(got, { status, headers }),
    data(chunk) {
      if (room > 0) chunks.push(chunk.subarray(0, room));
      room -= chunk.length;
      return true;
    },
    done(error) {
      if (error && got.status === 0) reject(error);
      else resolve({ ...got, body: Buffer.concat(chunks), isCut: room < 0 || error !== undefined });
    },
  });
  signal.addEventListener("abort", () => {
    reply.leave();
    reject(signal.reason);
  });
  way.answer(way.toExchange(request), reply);
  return promise;
}

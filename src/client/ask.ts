import { randomUUID } from "node:crypto";
import { upstreamFailed } from "../errors.ts";
import type { Answerer, Exchange, HeaderList } from "../exchange.ts";
import { LocalReply } from "../server/local-reply.ts";

/** A whole answer. */
export type Answer = { status: number; headers: HeaderList; body: Buffer };

export type Question = { target: string; headers: HeaderList; signal: AbortSignal };

/** More than any answer that is asked for in this way has. */
const limit = 16 * 1024 ** 2;

/** GETs something and waits for all of it; rejects with a `RelayError`, or when the signal says so. */
export function ask(answer: Answerer, { target, headers, signal }: Question): Promise<Answer> {
  const method = "GET";
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const got: Answer = { status: 0, headers: [], body: Buffer.alloc(0) };
  const chunks: Buffer[] = [];
  let length = 0;

  function give(reason: unknown): void {
    reply.leave();
    reject(reason);
  }

  const reply = new LocalReply(method, {
    head: (status, _reason, headers) => void Object.assign(got, { status, headers }),
    data(chunk) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit)
        give(upstreamFailed("upstream_bad_response", "The answer never ends.", null));
      return true;
    },
    done(error) {
      if (error) reject(error);
      else resolve({ ...got, body: Buffer.concat(chunks) });
    },
  });

  signal.addEventListener("abort", () => give(signal.reason), { once: true });
  answer(toExchange(method, target, headers), reply);
  return promise;
}

function toExchange(method: string, target: string, headers: HeaderList): Exchange {
  return {
    ...{ id: randomUUID(), method, target, headers },
    ...{ body: null, bodyLength: undefined, bytesIn: 0, startedAt: performance.now() },
  };
}

import { methodNotAllowed, type RelayError, relayBug, unknownPath } from "../errors.ts";
import type { Answerer, Exchange, HeaderList, Observer } from "../exchange.ts";
import type { Live } from "./live.ts";
import { LocalReply } from "./local-reply.ts";
import { own } from "./router.ts";
import { checkTarget } from "./target.ts";
import { Telling } from "./telling.ts";

/** A request that begins in the relay itself. */
export type InnerRequest = {
  method: string;
  target: string;
  headers: HeaderList;
  body: Buffer | null;
};

/**
 * Sends it as if it had come from outside: what a setting refuses is refused, and the observers hear of
 * it. The answer is for them alone. Returns its id, or why it is no request that could be sent.
 */
export type Send = (request: InnerRequest) => { id: string } | { refusal: RelayError };

export type Parts = {
  targetLimit: number;
  answer: Answerer;
  observers: readonly Observer[];
  live: Live;
  /** What there is no room for. */
  shortage: (exchange: Exchange) => RelayError | undefined;
  newId: () => string;
  /** Counts it, until the observers hear of its end. */
  arrive: () => void;
};

export function createInner(parts: Parts): Send {
  const { targetLimit, answer, observers, live, shortage, newId, arrive } = parts;

  return function send({ body, ...asked }) {
    const exchange: Exchange = {
      ...{ id: newId(), ...asked, body, bodyLength: body?.length },
      ...{ startedAt: performance.now(), bytesIn: body?.length ?? 0 },
    };
    const refusal = wish(exchange);
    if (refusal) return { refusal };

    arrive();
    const telling = new Telling(exchange, observers);
    const reply = new LocalReply(exchange.method, {
      head: (status, _reason, headers) => telling.answered(status, headers),
      data(chunk) {
        telling.chunk(chunk);
        return true;
      },
      done(error) {
        live.inner.delete(cut);
        const ending = reply.started ? "upstream_broke" : "refused";
        telling.ended(error ? ending : "complete", error);
      },
    });
    function cut(): void {
      live.inner.delete(cut);
      reply.leave();
      telling.ended("client_left", undefined);
    }
    live.inner.add(cut);
    try {
      const noRoom = shortage(exchange);
      if (noRoom) reply.fail(noRoom);
      else answer(exchange, reply);
    } catch (cause) {
      reply.fail(relayBug(cause));
    }
    return { id: exchange.id };
  };

  /** What the door asks of those that come from outside, as far as it is about more than their origin. */
  function wish({ method, target }: Exchange): RelayError | undefined {
    if (/^(?:TRACE|CONNECT)$/i.test(method)) return methodNotAllowed(method);
    if (target.startsWith(own)) return unknownPath(target.split("?", 1)[0]!);
    return checkTarget(target, targetLimit);
  }
}

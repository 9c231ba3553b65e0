import type { Answerer, Exchange, HeaderList, Upgrader } from "../exchange.ts";
import { without } from "../header-list.ts";
import { type Recorder, Recording } from "./recording.ts";
import { RecordedReply, RecordedUpgrade } from "./reply.ts";

/** What answers, HTTP and WebSockets. */
export type Answering = { answer: Answerer; upgrade: Upgrader };

/**
 * A tee: every call goes on first, as it came, and is then heard by a recording. Only for compression is
 * nobody asked any more: a tape that people cannot read, nor be searched for secrets, is worth little.
 */
export function withRecorder(recorder: Recorder, inner: Answering): Answering {
  function start(exchange: Exchange, upgrade: boolean): Recording {
    const recording = new Recording(exchange, upgrade, recorder);
    exchange.headers = uncompressed(exchange.headers);
    return recording;
  }

  return {
    answer(exchange, reply) {
      if (reply.over) return;
      inner.answer(exchange, new RecordedReply(exchange, reply, start(exchange, false)));
    },
    upgrade(exchange, reply) {
      if (reply.over) return;
      inner.upgrade(exchange, new RecordedUpgrade(exchange, reply, start(exchange, true)));
    },
  };
}

function uncompressed(headers: HeaderList): HeaderList {
  const list = without(headers, /^sec-websocket-extensions$/i);
  return list.map((text, i) => {
    return i % 2 === 1 && /^accept-encoding$/i.test(list[i - 1]!) ? "identity" : text;
  });
}

import type { Config } from "../config/settings.ts";
import type { HeaderList, Upgrader } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Key } from "../key/holder.ts";
import { takeKeyProtocol } from "../subprotocol.ts";
import type { Pool } from "../upstream/pool.ts";
import type { Authorize } from "./authorize.ts";
import { Delivery } from "./delivery.ts";
import { createRequestHeaders } from "./request-headers.ts";
import { joinTarget, toBase } from "./url.ts";

type Parts = { config: Config; pool: Pool; authorize: Authorize };

/**
 * Asks OpenAI for the WebSocket that the client wants, under the relay's own key. A 101 makes a tunnel of
 * the two connections; a refusal is an answer like any other.
 */
export function createUpgrade({ config, pool, authorize }: Parts): Upgrader {
  const base = toBase(config.upstream);
  const toUpstreamHeaders = createRequestHeaders(config, "upgrade");

  return function upgrade(exchange, reply) {
    const offer = takeKeyProtocol(exchange.headers);
    if (config.auth === "passthrough") send(exchange.headers, undefined);
    else if (offer.isEphemeral) send(offer.headers, undefined);
    else authorize(exchange, reply, (key) => send(offer.headers, key));

    function send(headers: HeaderList, key: Key | undefined): void {
      const request = {
        method: exchange.method,
        path: joinTarget(base, exchange.target),
        headers: toUpstreamHeaders(headers, false, key?.value),
        body: null,
        isChunked: false,
        switch: "websocket" as const,
      };
      new Delivery(
        {
          exchange,
          reply,
          key,
          tunnel: (answer, upstream) => reply.tunnel(withProtocol(answer, offer.taken), upstream),
          viaGet: false,
          redirects: undefined,
          timer: undefined,
          retried: false,
        },
        { pool, request, hops: 0 },
      );
    }
  };
}

/**
 * A browser that offered subprotocols fails when none comes back. Where it offered nothing but the key,
 * that is what it gets back.
 */
function withProtocol(headers: HeaderList, taken: string | undefined): HeaderList {
  if (taken === undefined || headerOf(headers, "sec-websocket-protocol") !== undefined)
    return headers;
  return [...headers, "Sec-WebSocket-Protocol", taken];
}

import type { Config } from "../config/settings.ts";
import { keyMissing, RelayError, relayBug, upstreamTimeout } from "../errors.ts";
import type { Answerer } from "../exchange.ts";
import type { KeySource } from "../upstream/key.ts";
import type { Pool } from "../upstream/pool.ts";
import { Delivery } from "./delivery.ts";
import { createRequestHeaders, headerOf, isEphemeral } from "./headers.ts";
import { isAdminOperation, isBinaryContent } from "./operations.ts";
import type { Redirects } from "./redirect.ts";
import { joinTarget, toBase, toOperationPath } from "./url.ts";

type Parts = {
  config: Config;
  pool: Pool;
  keys: KeySource;
  redirects: Redirects | undefined;
};

/** Asks OpenAI what the client asked, under the relay's own key; hands the answer on as it comes. */
export function createForward({ config, pool, keys, redirects }: Parts): Answerer {
  const base = toBase(config.upstream);
  const toUpstreamHeaders = createRequestHeaders(config);
  const totalMs = config.timeouts.total;

  return function forward(exchange, reply) {
    const path = toOperationPath(exchange.target);
    if (config.auth === "passthrough") {
      send(undefined);
      return;
    }
    const key = isAdminOperation(path) ? keys.adminKey() : keys.key();
    if (typeof key === "string") send(key);
    else if (key === undefined) sendWithout();
    else key.then(send, failed).catch(failed);

    function send(key: string | undefined): void {
      if (reply.over) return;
      const { method, headers, body } = exchange;
      const viaGet = config.headViaGet && method === "HEAD" && isBinaryContent(path);
      const request = {
        method: viaGet ? "GET" : method,
        path: joinTarget(base, exchange.target),
        headers: toUpstreamHeaders(headers, body !== null, key),
        body,
      };
      if (viaGet) request.headers.push("Range", "bytes=0-0");
      const timer = totalMs > 0 ? setTimeout(tooLate, totalMs) : undefined;
      new Delivery({ reply, viaGet, redirects, timer, retried: false }, { pool, request, hops: 0 });
    }

    function tooLate(): void {
      reply.fail(upstreamTimeout("timeouts.total"));
    }

    function sendWithout(): void {
      // An ephemeral client secret is all the authorization that its request needs.
      if (isEphemeral(headerOf(exchange.headers, "authorization") ?? "")) send(undefined);
      else reply.fail(keyMissing(noKey));
    }

    function failed(cause: unknown): void {
      reply.fail(cause instanceof RelayError ? cause : relayBug(cause));
    }
  };
}

const noKey =
  "The relay has no API key. Set OPENAI_API_KEY (or keyFile, keyCommand) and start it again.";

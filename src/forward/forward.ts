import type { Config } from "../config/settings.ts";
import { upstreamTimeout } from "../errors.ts";
import type { Answerer } from "../exchange.ts";
import { without } from "../header-list.ts";
import type { Pool } from "../upstream/pool.ts";
import type { Authorize } from "./authorize.ts";
import { Delivery } from "./delivery.ts";
import { isBinaryContent } from "./operations.ts";
import type { Redirects } from "./redirect.ts";
import { createRequestHeaders } from "./request-headers.ts";
import { joinTarget, toBase, toOperationPath } from "./url.ts";

type Parts = {
  config: Config;
  pool: Pool;
  authorize: Authorize;
  redirects: Redirects | undefined;
};

/** Asks OpenAI what the client asked, under the relay's own key; hands the answer on as it comes. */
export function createForward({ config, pool, authorize, redirects }: Parts): Answerer {
  const base = toBase(config.upstream);
  const toUpstreamHeaders = createRequestHeaders(config);
  const totalMs = config.timeouts.total;

  return function forward(exchange, reply) {
    authorize(exchange, reply, (key) => {
      const { method, target, headers, body } = exchange;
      const viaGet =
        config.headViaGet && method === "HEAD" && isBinaryContent(toOperationPath(target));
      const request = {
        method: viaGet ? "GET" : method,
        path: joinTarget(base, target),
        headers: toUpstreamHeaders(headers, body !== null, key?.value),
        body,
        isChunked: body !== null && exchange.bodyLength === undefined,
      };
      if (viaGet)
        request.headers = [...without(request.headers, /^(?:if-)?range$/i), "Range", "bytes=0-0"];
      const timer = totalMs > 0 ? setTimeout(tooLate, totalMs) : undefined;
      const course = { exchange, reply, key, viaGet, redirects, timer, retried: false };
      new Delivery(course, { pool, request, hops: 0 });
    });

    function tooLate(): void {
      reply.fail(upstreamTimeout("timeouts.total"));
    }
  };
}

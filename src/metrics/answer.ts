import { methodNotAllowed, relayBug } from "../errors.ts";
import type { Answerer } from "../exchange.ts";

/** `GET /_relay/metrics`: what the relay counts, in Prometheus' text format. */
export function createMetricsAnswer(page: () => Promise<string>): Answerer {
  return function metrics(exchange, reply) {
    if (exchange.method !== "GET" && exchange.method !== "HEAD") {
      reply.fail(methodNotAllowed(exchange.method));
      return;
    }
    page().then(
      (text) => {
        const body = Buffer.from(text);
        const headers = ["Content-Type", "text/plain; version=0.0.4; charset=utf-8"];
        headers.push("Content-Length", String(body.length), "Cache-Control", "no-store");
        reply.head(200, "OK", headers);
        reply.data(body);
        reply.end();
      },
      (cause) => reply.fail(relayBug(cause)),
    );
  };
}

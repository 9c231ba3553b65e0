import { methodNotAllowed, unknownPath } from "../errors.ts";
import type { Answerer, Exchange, Reply, Upgrader } from "../exchange.ts";

/** Everything below this path is the relay's own; nothing else is. */
export const own = "/_relay/";

/** Sends the relay's own paths to their answers, and every other one to `forward`. */
export function createRouter(routes: Record<string, Answerer>, forward: Answerer): Answerer {
  return function route(exchange: Exchange, reply: Reply) {
    if (!exchange.target.startsWith(own)) {
      forward(exchange, reply);
      return;
    }
    const path = exchange.target.split("?", 1)[0]!;
    const name = path.slice(own.length);
    if (Object.hasOwn(routes, name)) routes[name]!(exchange, reply);
    else reply.fail(unknownPath(path));
  };
}

/** The same for WebSockets, which none of the relay's own paths speaks. */
export function createUpgradeRouter(forward: Upgrader): Upgrader {
  return function route(exchange, reply) {
    if (exchange.target.startsWith(own)) reply.fail(unknownPath(exchange.target.split("?", 1)[0]!));
    else forward(exchange, reply);
  };
}

/** `GET /_relay/health`: the relay serves. Tells nothing else about it. */
export function health(exchange: Exchange, reply: Reply): void {
  if (exchange.method !== "GET" && exchange.method !== "HEAD") {
    reply.fail(methodNotAllowed(exchange.method));
    return;
  }
  const body = Buffer.from('{"status":"ok"}\n');
  const headers = ["Content-Type", "application/json", "Content-Length", String(body.length)];
  reply.head(200, "OK", [...headers, "Cache-Control", "no-store"]);
  reply.data(body);
}

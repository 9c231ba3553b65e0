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

/** How often the settings were read anew, and how often they were not fit for use. */
export type Reloads = { done: number; failed: number };

/** `GET /_relay/health`: the relay serves. Tells nothing else about it, but whether it took a reload. */
export function createHealth(reloads: Reloads): Answerer {
  return function health(exchange, reply) {
    if (exchange.method !== "GET" && exchange.method !== "HEAD") {
      reply.fail(methodNotAllowed(exchange.method));
      return;
    }
    const isReloaded = reloads.done + reloads.failed > 0;
    const body = Buffer.from(
      `${JSON.stringify({ status: "ok", ...(isReloaded && { reloads }) })}\n`,
    );
    const headers = ["Content-Type", "application/json", "Content-Length", String(body.length)];
    reply.head(200, "OK", [...headers, "Cache-Control", "no-store"]);
    reply.data(body);
  };
}

import type { Answerer, Upgrader } from "../../exchange.ts";
import { accept } from "./accept.ts";
import { converseInResponses } from "./responses.ts";

type Answerers = { answer: Answerer; warmUp: Answerer };

/** The WebSockets of the mock; where there is none, the handshake is a GET like any other. */
export function createMockUpgrade({ answer, warmUp }: Answerers): Upgrader {
  return function upgrade(exchange, reply) {
    const path = exchange.target.split("?", 1)[0]!.replace(/^\/v1(?=\/)/, "");
    if (path === "/responses")
      accept(exchange, reply, (socket) =>
        converseInResponses(socket, exchange, { answer, warmUp }),
      );
    else answer(exchange, reply);
  };
}

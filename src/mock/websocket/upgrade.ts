import type { Answerer, Upgrader } from "../../exchange.ts";
import { accept } from "./accept.ts";
import { converseInRealtime } from "./realtime.ts";
import type { Voice } from "./realtime-responder.ts";
import { converseInResponses } from "./responses.ts";

export type UpgradeParts = { answer: Answerer; warmUp: Answerer; voice: Voice };

/** The WebSockets of the mock; where there is none, the handshake is a GET like any other. */
export function createMockUpgrade({ answer, warmUp, voice }: UpgradeParts): Upgrader {
  return function upgrade(exchange, reply) {
    const path = exchange.target.split("?", 1)[0]!.replace(/^\/v1(?=\/)/, "");
    if (path === "/responses")
      accept(exchange, reply, (socket) =>
        converseInResponses(socket, exchange, { answer, warmUp }),
      );
    else if (path === "/realtime")
      accept(exchange, reply, (socket) => converseInRealtime(socket, exchange, voice));
    else answer(exchange, reply);
  };
}

import http from "node:http";
import https from "node:https";
import type { RelayUrl } from "../client/relay-url.ts";
import type { Config } from "../config/settings.ts";
import type { Upgrader } from "../exchange.ts";
import { toUpstreamFailure } from "../upstream/failure.ts";

/** Asks a relay that runs elsewhere for a WebSocket, as `createRemote` asks it for answers. */
export function createRemoteUpgrade(relay: RelayUrl, { tokens }: Config): Upgrader {
  const { request } = relay.protocol === "https:" ? https : http;
  const [token] = tokens;
  const pass = token === undefined ? [] : ["x-relay-token", token];

  return function upgrade({ target, headers }, reply) {
    const options = { path: target, headers: [...pass, ...headers], agent: false };
    const asked = request(relay, options);
    asked.on("error", (cause) => reply.fail(toUpstreamFailure(cause, relay.origin)));
    asked.on("upgrade", (answer, socket) => reply.tunnel(answer.rawHeaders, socket));
    asked.on("response", (answer) => {
      reply.head(answer.statusCode ?? 0, answer.statusMessage ?? "", answer.rawHeaders);
      answer.on("data", (chunk: Buffer) => reply.data(chunk));
      answer.on("error", (cause) => reply.fail(toUpstreamFailure(cause, relay.origin)));
      answer.on("end", () => reply.end());
    });
    reply.onGone = () => asked.destroy();
    asked.end();
  };
}

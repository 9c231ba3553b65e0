import http from "node:http";
import https from "node:https";
import { pipeline, Readable } from "node:stream";
import type { Config } from "../config/settings.ts";
import { type RelayError, upstreamFailed } from "../errors.ts";
import type { Answerer } from "../exchange.ts";
import { toUpstreamFailure } from "../upstream/failure.ts";
import { trustForRelay } from "./trust.ts";

/**
 * Answers by asking a relay that runs elsewhere. What is asked goes there as it is, never with the key;
 * a client token of the settings lets it in.
 */
export function createRemote(relay: URL, config: Config): Answerer {
  const { timeouts, tokens, limits } = config;
  const isSecure = relay.protocol === "https:";
  const { request } = isSecure ? https : http;
  const agent = isSecure
    ? new https.Agent({ keepAlive: true, ca: trustForRelay(config) })
    : new http.Agent({ keepAlive: true });
  const [token] = tokens;
  const pass = token === undefined ? [] : ["x-relay-token", token];

  return function remote({ method, target, headers, body }, reply) {
    const fail = (cause: Error) => reply.fail(toUpstreamFailure(cause, relay.origin));
    const asked = request(relay, {
      method,
      path: target,
      headers: [...pass, ...headers],
      agent,
      maxHeaderSize: limits.headers,
    });
    const tooSlow = Object.assign(new Error("no connection"), {
      code: "ETIMEDOUT",
      syscall: "connect",
    });
    const timer = setTimeout(() => asked.destroy(tooSlow), timeouts.connect);
    asked.on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => clearTimeout(timer));
      else clearTimeout(timer);
    });
    asked.on("close", () => clearTimeout(timer));
    asked.on("error", fail);
    asked.on("information", ({ statusCode, statusMessage, rawHeaders }) =>
      reply.inform(statusCode, statusMessage, rawHeaders),
    );
    asked.on("response", (answer) => {
      answer.on("error", () => reply.fail(brokeOff(relay.origin)));
      answer.on("end", () => reply.end(answer.rawTrailers));
      reply.onDrain = () => answer.resume();
      reply.head(answer.statusCode ?? 0, answer.statusMessage ?? "", answer.rawHeaders);
      answer.on("data", (chunk: Buffer) => {
        if (!reply.data(chunk)) answer.pause();
      });
    });
    reply.onGone = () => asked.destroy();
    if (body instanceof Readable) pipeline(body, asked, (error) => error && asked.destroy(error));
    else asked.end(body);
  };
}

function brokeOff(origin: string): RelayError {
  const message = `${origin} closed the connection before the answer was whole.`;
  return upstreamFailed("upstream_reset", message, undefined);
}

import type { Socket } from "node:net";
import { type RelayError, upstreamFailed, upstreamTimeout } from "../errors.ts";
import { Connection } from "./connection.ts";
import { type Attempt, type Connector, targetOf } from "./connector.ts";
import { toUpstreamFailure } from "./failure.ts";

/** Bytes of a proxy's answer to CONNECT. */
const headerLimit = 16_384;

/**
 * A connector that goes through an HTTP proxy by CONNECT (RFC 9110 section 9.3.6): the proxy sees where
 * the bytes go, never the key. The proxy may take `timeoutMs` to answer.
 */
export function createTunnel(proxy: URL, direct: Connector, timeoutMs: number): Connector {
  const credentials: string[] = [];
  if (proxy.username !== "") {
    const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    credentials.push("Proxy-Authorization", `Basic ${Buffer.from(user).toString("base64")}`);
  }

  return function connect(target, callback) {
    const port = target.port || (target.protocol === "https:" ? "443" : "80");
    const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
    const authority = `${host}:${port}`;
    let attempt: Attempt | undefined;
    const connection = new Connection({
      target: targetOf(proxy),
      // Its certificate is the proxy's, whatever the name of the upstream.
      connect: (to, done) => direct({ ...to, servername: "" }, done),
      headerLimit,
      headMs: timeoutMs,
      idleMs: 0,
    });
    const request = {
      method: "CONNECT",
      path: authority,
      headers: credentials,
      body: null,
      isChunked: false,
      switch: "tunnel" as const,
    };
    const fail = (failure: RelayError) => {
      connection.destroy();
      callback(failure, null);
    };
    connection.send(request, {
      interim() {},
      head({ status }) {
        const message = `The proxy ${proxy.host} does not lead to ${authority}: it answered ${status}.`;
        fail(upstreamFailed("upstream_refused", message, undefined));
      },
      data() {},
      ended() {},
      switched(_head, socket: Socket) {
        if (target.protocol !== "https:") {
          callback(null, socket);
          return;
        }
        try {
          attempt = direct({ ...target, httpSocket: socket }, callback);
        } catch (error) {
          // Without a list of authorities nobody can be trusted.
          socket.destroy();
          callback(error as Error, null);
        }
      },
      failed(error) {
        const failure = toUpstreamFailure(error, `the proxy ${proxy.host}`);
        fail(failure.status === 504 ? upstreamTimeout("timeouts.connect", error) : failure);
      },
    });
    return {
      destroy(error) {
        attempt?.destroy(error);
        connection.destroy();
      },
    };
  };
}

import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type buildConnector, Client } from "undici";
import { type RelayError, upstreamFailed, upstreamTimeout } from "../errors.ts";
import type { Attempt, Connector } from "./connect.ts";
import { toUpstreamFailure } from "./failure.ts";

/**
 * A connector that goes through an HTTP proxy by CONNECT (RFC 9110 section 9.3.6): the proxy sees where
 * the bytes go, never the key. (undici's own ProxyAgent joins duplicate headers, so it cannot be used.)
 * The proxy may take `timeoutMs` to answer.
 */
export function createTunnel(proxy: URL, direct: Connector, timeoutMs: number): Connector {
  const headers: string[] = [];
  if (proxy.username !== "") {
    const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    headers.push("Proxy-Authorization", `Basic ${Buffer.from(user).toString("base64")}`);
  }

  return function connect(options, callback) {
    const port = options.port || (options.protocol === "https:" ? "443" : "80");
    const host = options.hostname.includes(":") ? `[${options.hostname}]` : options.hostname;
    const authority = `${host}:${port}`;
    let attempt: Attempt | undefined;
    const client = new Client(proxy.origin, {
      // The name in Host is upstream's; the certificate here is the proxy's.
      connect(target: buildConnector.Options, done: buildConnector.Callback) {
        attempt = direct({ ...target, servername: "" }, done);
      },
      allowH2: false,
      headersTimeout: timeoutMs,
    });
    const fail = (failure: RelayError) => {
      client.destroy().catch(() => {});
      callback(failure, null);
    };
    client.dispatch(
      { method: "CONNECT", path: authority, headers: [...headers, "Host", authority] },
      {
        // undici wants every handler to have it.
        onRequestStart() {},
        onRequestUpgrade(_controller, status, _headers, socket: Duplex) {
          // undici lets go of the socket with the answer; the client has nothing left to close.
          if (status < 200 || status > 299) {
            socket.on("error", () => {}).destroy();
            const message = `The proxy ${proxy.host} does not lead to ${authority}: it answered ${status}.`;
            fail(upstreamFailed("upstream_refused", message, undefined));
          } else if (options.protocol === "https:") {
            attempt = direct({ ...options, httpSocket: socket as Socket }, callback);
          } else callback(null, socket as Socket);
        },
        onResponseError(_controller, error) {
          const failure = toUpstreamFailure(error, `the proxy ${proxy.host}`);
          fail(failure.status === 504 ? upstreamTimeout("timeouts.connect", error) : failure);
        },
      },
    );
    return {
      destroy(error) {
        attempt?.destroy(error);
        client.destroy(error).catch(() => {});
      },
    };
  };
}

import { TLSSocket } from "node:tls";
import { causeCode } from "../client/cause.ts";
import type { Config } from "../config/settings.ts";
import { RelayError } from "../errors.ts";
import { createConnector } from "../upstream/connect.ts";
import { proxyFor } from "../upstream/proxy.ts";
import { interceptorOf, lookAtCertificate, toShown, trustedBy } from "./certificate.ts";
import { explainProxy, explainTls } from "./explain.ts";
import { count, type Finding, type Seen, type Step, skipped } from "./step.ts";

const soonDays = 7;

/** Whether the upstream shows a certificate to trust, and whose it is. */
export function tlsStep(config: Config, seen: Seen): Step {
  const upstream = new URL(config.upstream);

  async function run(): Promise<Finding> {
    if (upstream.protocol === "http:") return skipped("http:// has no TLS");
    const socket = await connectSecurely(config, upstream);
    const shown = toShown(socket.getPeerCertificate(true));
    const days = Math.floor((shown.until.getTime() - Date.now()) / 86_400_000);
    const trust = trustedBy(socket, config);
    const detail = [
      socket.getProtocol()?.replace("v", " ") ?? "TLS",
      `certificate by ${shown.by}${trust ? ` (trusted by ${trust})` : ""}`,
      `expires in ${count(days, "day")}`,
      ...(proxyFor(config) ? ["through the proxy"] : []),
    ].join(", ");
    socket.destroy();

    // No authority of a company's own has certificates for OpenAI's names.
    const isOpened = trust !== undefined && upstream.hostname.endsWith(".openai.com");
    const interceptor = interceptorOf(shown) ?? (isOpened ? shown.by : undefined);
    if (interceptor !== undefined) {
      seen.interceptor = interceptor;
      const hint = `${interceptor} opens this connection and can read keys and prompts. If that is not meant to be, ask who runs this network.`;
      return { status: "warning", detail, hint };
    }
    if (days >= soonDays) return { detail };
    return { status: "warning", detail, hint: "Whoever runs the server has to renew it soon." };
  }

  return { name: "tls", needs: ["tcp"], run };
}

/** Connects as the relay does: the same certificate authorities, the same proxy. */
async function connectSecurely(config: Config, upstream: URL): Promise<TLSSocket> {
  const { host, hostname, port } = upstream;
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  createConnector(config)({ host, hostname, port, protocol: "https:" }, (cause, socket) => {
    if (socket instanceof TLSSocket) resolve(socket);
    else reject(cause);
  });
  return promise.catch(async (cause: unknown) => {
    if (cause instanceof RelayError) throw explainProxy(cause, hostname);
    const isShown = /CERT|UNABLE_TO/.test(causeCode(cause));
    const shown = isShown ? await lookAtCertificate(config, upstream) : undefined;
    throw explainTls(cause, hostname, shown);
  });
}

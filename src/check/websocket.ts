import { randomBytes, randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Answer } from "../client/ask.ts";
import { RelayError } from "../errors.ts";
import type { Exchange, HeaderList, UpgradeReply } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { LocalReply } from "../server/local-reply.ts";
import { isPage, refuseRelayError, relayFailure, sayingOf } from "./answer.ts";
import { refuseDenied } from "./denied.ts";
import type { HttpParts } from "./http.ts";
import { type Finding, type Seen, type Step, skipped } from "./step.ts";
import { type Other, questionHeaders, withoutSecrets } from "./talk.ts";

const target = "/v1/responses";

/** Whether WebSockets pass. A handshake alone costs nothing. */
export function webSocketStep(parts: HttpParts): Step {
  const { other, keyless, noWebSocket, seen, sent } = parts;

  async function run(signal: AbortSignal): Promise<Finding> {
    const why = noWebSocket ?? keyless;
    if (why) return skipped(why);
    const answer = await shakeHands(other, signal);
    if (answer instanceof RelayError) {
      if (answer.code !== "upstream_reset") throw relayFailure(answer);
      return blocked(`the handshake was cut: ${answer.message}`, whoever(seen));
    }
    const { status } = answer;
    if (status === 101) return { detail: `GET ${target} → 101` };
    const said = sayingOf(answer);
    const detail = `the WebSocket is refused: GET ${target} → ${status}${said && ` ${said}`}`;
    // What a relay in front of it says, or whoever else has them turned off.
    if (status === 426)
      return { status: "warning", detail, hint: "Clients fall back to HTTP at once." };
    refuseRelayError(answer);
    const blocker = blockerOf(answer, seen);
    if (blocker) return blocked(detail, blocker);
    refuseDenied(answer, sent());
    const hint =
      "The upstream has none there. Clients fall back to HTTP; --no-websocket makes them do so at once.";
    return { status: "warning", detail, hint };
  }

  return { name: "websocket", needs: ["auth"], run };
}

function blocked(detail: string, blocker: string): Finding {
  const hint = `${blocker} does not let WebSockets through: ask those who run it. Calls over HTTP work.`;
  return { status: "warning", detail, hint };
}

/** Who stands in the way, if the refusal does not look like the API's own. */
function blockerOf(answer: Answer, seen: Seen): string | undefined {
  const via = headerOf(answer.headers, "via");
  if (via === undefined && !isPage(answer)) return undefined;
  return via ?? headerOf(answer.headers, "server") ?? whoever(seen);
}

function whoever({ interceptor, proxy }: Seen): string {
  return interceptor ?? (proxy ? `The proxy ${proxy}` : "Something on the way");
}

class Handshake extends LocalReply implements UpgradeReply {
  tunnel: (headers: HeaderList, upstream: Duplex) => void = () => {};
}

/** Asks for a WebSocket and lets go of it. */
function shakeHands(other: Other, signal: AbortSignal): Promise<Answer | RelayError> {
  const { promise, resolve } = Promise.withResolvers<Answer | RelayError>();
  const got: Answer = { status: 0, headers: [], body: Buffer.alloc(0) };
  const chunks: Buffer[] = [];
  const reply = new Handshake("GET", {
    head: (status, _reason, headers) => void Object.assign(got, { status, headers }),
    data: (chunk) => chunks.push(chunk) > 0,
    done(error) {
      resolve(error ?? { ...got, body: withoutSecrets(Buffer.concat(chunks), other) });
    },
  });
  reply.tunnel = (headers, upstream) => {
    upstream.on("error", () => {}).destroy();
    resolve({ ...got, status: 101, headers });
  };
  signal.addEventListener("abort", () => reply.leave(), { once: true });
  other.upgrade(toHandshake(other), reply);
  return promise;
}

function toHandshake(other: Other): Exchange {
  const headers = [
    ...questionHeaders(other, "*/*"),
    ...["Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"],
    ...["Sec-WebSocket-Key", randomBytes(16).toString("base64")],
  ];
  return {
    ...{ id: randomUUID(), method: "GET", target, headers },
    ...{ body: null, bodyLength: undefined, bytesIn: 0, startedAt: performance.now() },
  };
}

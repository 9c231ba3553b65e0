import { isRelay } from "../check/relay.ts";
import { CheckFailure } from "../check/step.ts";
import { toOther } from "../check/talk.ts";
import { type RelayUrl, toRelayUrl } from "../client/relay-url.ts";
import { createRemote } from "../client/remote.ts";
import type { Config } from "../config/settings.ts";
import { toExchange } from "../curl/request.ts";
import type { Answerer, Exchange, HeaderList } from "../exchange.ts";
import { ExitError } from "../exit.ts";
import type { Call } from "../journal/call.ts";
import type { Recorded } from "./recorded.ts";

/** A relay that runs, to which requests can be sent again. */
export type Way = { answer: Answerer; toExchange(request: Recorded): Exchange };

/** Milliseconds that a relay has to say that it is one. */
const patienceMs = 5_000;

/** The way to `relay`, or to the one that the call went through. Nothing is sent to another program. */
export async function findWay(
  call: Call,
  relay: RelayUrl | undefined,
  config: Config,
): Promise<Way> {
  const url = relay ?? toRelayUrl(call.relay.url);
  if (!url) throw new ExitError(1, `The relay of call ${call.seq} has no address. ${nameAnother}`);
  const answer = createRemote(url, config);
  const isThere = await isRelay(toOther(url, answer), AbortSignal.timeout(patienceMs)).catch(
    (error: unknown) => {
      const why =
        error instanceof CheckFailure ? error.message.replace(/\.$/, "") : "it does not answer";
      throw new ExitError(7, `The relay at ${nameOf(url)} cannot be asked: ${why}. ${nameAnother}`);
    },
  );
  if (!isThere)
    throw new ExitError(8, `Another program than a relay is at ${nameOf(url)}. ${nameAnother}`);
  return { answer, toExchange: (request) => toExchange(addressed(request, url)) };
}

const nameAnother = 'Start one ("relay start"), or name another one: --relay http://127.0.0.1:8484';

function nameOf({ socketPath, origin }: RelayUrl): string {
  return socketPath === undefined ? origin : `unix:${socketPath}`;
}

/** The lines of the connection, and the remark that it is a repetition, which stays with the relay. */
function addressed({ again, method, target, headers, body }: Recorded, { host }: URL) {
  const length: HeaderList = body.length > 0 ? ["Content-Length", String(body.length)] : [];
  return {
    ...{ method, target, body: { content: body, length: body.length } },
    headers: ["Host", host, ...headers, ...length, "x-relay-again", again],
  };
}

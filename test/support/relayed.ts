import { rawExchange } from "./raw.ts";
import { startRelay } from "./relay.ts";
import { startFixedUpstream } from "./upstream.ts";

export const get = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n";
export const lastGet = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** All that a client reads when upstream answers with `answer`, and closes its connection if so told. */
export async function relayed(answer: string, request = lastGet, close = false): Promise<string> {
  await using upstream = await startFixedUpstream(answer, { close });
  await using relay = await startRelay({ upstream: upstream.url });
  return await rawExchange(relay.port, request);
}

/** The message of one of the relay's own errors. */
export async function messageOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { message: string } }).error.message;
}

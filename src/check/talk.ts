import { type Answer, ask } from "../client/ask.ts";
import type { RelayUrl } from "../client/relay-url.ts";
import { RelayError, websocketDisabled } from "../errors.ts";
import type { Answerer, HeaderList, Upgrader } from "../exchange.ts";
import { version } from "../version.ts";
import { refuseRelayError, relayFailure } from "./answer.ts";

/** The other end of a conversation: OpenAI by the relay's own way, or a relay that runs. */
export type Other = {
  answer: Answerer;
  upgrade: Upgrader;
  /** As people write it. */
  name: string;
  /** What Host says. */
  host: string;
  /** Keys that are sent, which nobody may read in what comes back. */
  secrets: () => (string | undefined)[];
};

/** A relay that runs. */
export function toOther(relay: RelayUrl, answer: Answerer, upgrade: Upgrader = refuse): Other {
  const { socketPath, origin, host } = relay;
  const name = socketPath === undefined ? origin : `unix:${socketPath}`;
  return { answer, upgrade, name, host, secrets: () => [] };
}

const refuse: Upgrader = (_exchange, reply) => reply.fail(websocketDisabled());

/** The lines of every question. */
export function questionHeaders({ host }: Other, accept: string): HeaderList {
  return ["Host", host, "User-Agent", `openai-relay/${version}`, "Accept", accept];
}

/** GETs a target; throws what the relay itself, here or there, has to complain of. */
export async function get(other: Other, target: string, signal: AbortSignal): Promise<Answer> {
  const headers = questionHeaders(other, "application/json");
  const got = await ask(other.answer, { target, headers, signal }).catch((error: unknown) => {
    throw error instanceof RelayError ? relayFailure(error) : error;
  });
  refuseRelayError(got);
  return { ...got, body: withoutSecrets(got.body, other) };
}

export function withoutSecrets(body: Buffer, { secrets }: Other): Buffer {
  const known = secrets().filter((secret) => secret !== undefined);
  if (known.length === 0) return body;
  let text = body.toString();
  for (const secret of known) text = text.replaceAll(secret, "[key]");
  return Buffer.from(text);
}

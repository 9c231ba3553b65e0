import { createRemote } from "../client/remote.ts";
import type { Config } from "../config/settings.ts";
import type { Answerer, Exchange, HeaderList } from "../exchange.ts";
import { createRequestHeaders } from "../forward/request-headers.ts";
import { type Base, joinTarget, toBase } from "../forward/url.ts";
import { createAnswerer } from "../relay.ts";

/** Who answers: a relay in this process, or one that runs. */
export type Route = {
  /** What URLs may begin with; requests go to the first. */
  bases: [Base, ...Base[]];
  answer: Answerer;
  /** The header lines of a request on their way. */
  toWire(exchange: Exchange): HeaderList;
  close(): Promise<void>;
};

export async function createRoute(config: Config, relay: URL | undefined): Promise<Route> {
  const upstream = toBase(config.upstream);
  if (relay) {
    const base = { origin: relay.origin, prefix: "", versioned: false };
    const answer = createRemote(relay, config);
    const toWire = ({ headers }: Exchange) => headers;
    return { bases: [base, upstream], answer, toWire, close: async () => {} };
  }
  const { answer, close } = await createAnswerer(config);
  const withKey = createRequestHeaders(config);
  const key = config.mock || config.auth === "passthrough" ? undefined : standIn;
  const toWire = ({ headers, body }: Exchange) => [
    ...["Host", new URL(upstream.origin).host],
    ...withKey(headers, body !== null, key),
  ];
  return { bases: [upstream], answer, toWire, close };
}

/** What is shown where the key goes. */
const standIn = "[relay's key]";

/** A request as `-v` shows it: no key, no credential of anybody's. */
export function describeRequest({ bases: [base], toWire }: Route, exchange: Exchange): string {
  const lines = [`${exchange.method} ${joinTarget(base, exchange.target)} HTTP/1.1`];
  const headers = toWire(exchange);
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]!;
    const isSecret =
      /authorization|cookie|key|token/i.test(headers[i]!) && !value.endsWith(standIn);
    lines.push(`${headers[i]}: ${isSecret ? "[not shown]" : value}`);
  }
  return [...lines, ""].map((line) => `> ${line}\n`).join("");
}

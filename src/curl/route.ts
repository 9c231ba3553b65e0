import { createRemote } from "../client/remote.ts";
import type { Config } from "../config/settings.ts";
import type { Answerer, Exchange, HeaderList } from "../exchange.ts";
import { createRequestHeaders } from "../forward/request-headers.ts";
import { type Base, joinTarget, toBase } from "../forward/url.ts";
import { toHeaderLines } from "../header-list.ts";
import { createAnswerer } from "../relay.ts";
import { marked } from "./print.ts";

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
  const bases = basesOf(config, relay);
  if (relay) {
    const toWire = ({ headers }: Exchange) => headers;
    return { bases, answer: createRemote(relay, config), toWire, close: async () => {} };
  }
  const { answer, close } = await createAnswerer(config);
  const withKey = createRequestHeaders(config);
  const key = config.mock || config.auth === "passthrough" ? undefined : standIn;
  const toWire = ({ headers, body }: Exchange) => [
    ...["Host", new URL(bases[0].origin).host],
    ...withKey(headers, body !== null, key),
  ];
  return { bases, answer, toWire, close };
}

/** The upstream; in front of it the relay that is asked, where one is. */
export function basesOf(config: Config, relay: URL | undefined): [Base, ...Base[]] {
  const upstream = toBase(config.upstream);
  return relay ? [{ origin: relay.origin, prefix: "", versioned: false }, upstream] : [upstream];
}

/** What is shown where the key goes. */
export const standIn = "[relay's key]";

/** A request as `-v` shows it: no key, no credential of anybody's. */
export function describeRequest({ bases: [base], toWire }: Route, exchange: Exchange): string {
  const headers = toWire(exchange).map((text, i, list) => {
    const isSecret = i % 2 === 1 && /authorization|cookie|key|token/i.test(list[i - 1]!);
    return isSecret && !text.endsWith(standIn) ? "[not shown]" : text;
  });
  const line = `${exchange.method} ${joinTarget(base, exchange.target)} HTTP/1.1\r\n`;
  return marked(">", `${line}${toHeaderLines(headers)}\r\n`);
}

import type { HeaderList } from "../exchange.ts";
import { remembering, without } from "../header-list.ts";
import { namesNothing, withoutNominated } from "./nominated.ts";

/** Hop-by-hop lines of an answer (RFC 9110 section 7.6.1), and those that speak of the upstream's host. */
const droppedFromAnswers = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "alt-svc",
  "strict-transport-security",
]);

const isDroppedFromAnswers = remembering<boolean>((name) => droppedFromAnswers.has(name));

/** The header lines of an answer that are meant for the client. */
export function toClientHeaders(headers: HeaderList): HeaderList {
  const out: HeaderList = [];
  let nominated = "";
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    if (!isDroppedFromAnswers(name)) out.push(name, value);
    else if (name.length === 10 && !namesNothing.test(value) && /^connection$/i.test(name))
      nominated += `,${value}`;
  }
  return nominated === "" ? out : withoutNominated(out, nominated);
}

/** The trailers that are meant for the client: what frames a message has no place there (RFC 9110 section 6.5.1). */
export function toClientTrailers(trailers: HeaderList): HeaderList {
  return without(toClientHeaders(trailers), /^content-length$/i);
}

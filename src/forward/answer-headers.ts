import type { HeaderList } from "../exchange.ts";
import { remembering } from "../header-list.ts";
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

/** The header lines of an answer that are meant for the client, from undici's raw list. */
export function toClientHeaders(raw: readonly Buffer[]): HeaderList {
  const out: HeaderList = [];
  let nominated = "";
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString("latin1");
    const value = raw[i + 1]!.toString("latin1");
    if (!isDroppedFromAnswers(name)) out.push(name, value);
    else if (name.length === 10 && !namesNothing.test(value) && /^connection$/i.test(name))
      nominated += `,${value}`;
  }
  return nominated === "" ? out : withoutNominated(out, nominated);
}

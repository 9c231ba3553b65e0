import type { Exchange } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Scrub } from "../scrub.ts";
import { type Intake, toBody } from "./body.ts";
import { type Asked, keptFromRequests, version } from "./entry.ts";
import { type Ask, digestOf } from "./name.ts";

const kept = new Set<string>(keptFromRequests);

/** What a request is recognised by, beside its body. */
export function toAsk({ method, target, headers }: Exchange, upgrade: boolean): Ask {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  return {
    method,
    path: /^\/v1(?:\/|$)/.test(path) ? path : `/v1${path}`,
    query: mark < 0 ? undefined : target.slice(mark + 1),
    upgrade,
    range: headerOf(headers, "range"),
  };
}

/** The request as the tape has it, once all of its body has come. */
export async function toAsked(
  exchange: Exchange,
  upgrade: boolean,
  intake: Intake,
  scrub: Scrub,
): Promise<Asked> {
  const { method, headers } = exchange;
  const whole = intake.end();
  const ask = toAsk(exchange, upgrade);
  const digest = digestOf(ask, whole.exact);
  const coding = headerOf(headers, "content-encoding");
  const body = await toBody(whole, intake.bytes, coding, scrub);
  return {
    tape: version,
    method,
    path: scrub(ask.path),
    ...(ask.query !== undefined && { query: scrub(`?${ask.query}`).slice(1) }),
    ...(upgrade && { upgrade }),
    digest,
    recorded: new Date(performance.timeOrigin + exchange.startedAt).toISOString(),
    headers: headers.flatMap((name, i): Asked["headers"] => {
      const lower = i % 2 === 0 ? name.toLowerCase() : "";
      return kept.has(lower) ? [[lower, scrub(headers[i + 1]!)]] : [];
    }),
    ...(body && { body }),
  };
}

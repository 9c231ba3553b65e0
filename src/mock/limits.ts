import type { HeaderList, Reply } from "../exchange.ts";
import { without } from "../header-list.ts";
import { type Answer, json } from "./answer.ts";
import { Bucket } from "./bucket.ts";
import type { Heard } from "./heard.ts";
import { ReplyThrough } from "./through.ts";

/** What may pass in a minute; 0: any number. */
export type Rates = { requests: number; tokens: number; per: "model" | "all" };

/** One limit as it stands: what is left of it, and how long it takes to be whole again. */
export type Rate = { name: Kind; limit: number; remaining: number; resetMs: number };

/** How a request fares: `refusal` when it must wait. */
export type Admission = { rates: Rate[]; refusal?: Answer };

export type Limits = (heard: Heard) => Admission;

type Kind = "requests" | "tokens";
type Buckets = Map<Kind, Bucket>;

const minute = 60_000;
const shortNames = { requests: "RPM", tokens: "TPM" };
/** Clients choose the names of models: no more of them stay in memory. */
const mostModels = 1_000;

/** Rate limits as OpenAI has them; `undefined`: none. */
export function createLimits({ requests, tokens, per }: Rates): Limits | undefined {
  if (requests === 0 && tokens === 0) return undefined;
  const known = new Map<string, Buckets>();

  return function admit({ model, tokens: wanted }) {
    if (model === undefined) return { rates: [] };
    const now = performance.now();
    const buckets = bucketsFor(per === "model" ? model : "", now);
    const costs = { requests: 1, tokens: wanted };
    const worst = [...buckets]
      .map(([kind, bucket]) => ({ kind, bucket, wait: bucket.waitFor(costs[kind], now) }))
      .reduce((one, other) => (other.wait > one.wait ? other : one));
    if (worst.wait > 0) {
      const refusal = refusalOf({ ...worst, model, wanted: costs[worst.kind], now });
      return { rates: ratesOf(buckets, now), refusal };
    }
    for (const [kind, bucket] of buckets) bucket.take(costs[kind], now);
    return { rates: ratesOf(buckets, now) };
  };

  function bucketsFor(name: string, now: number): Buckets {
    let buckets = known.get(name);
    if (buckets) return buckets;
    buckets = new Map();
    if (requests > 0) buckets.set("requests", new Bucket(requests, minute, now));
    if (tokens > 0) buckets.set("tokens", new Bucket(tokens, minute, now));
    if (known.size >= mostModels) known.delete(known.keys().next().value!);
    known.set(name, buckets);
    return buckets;
  }
}

/** Puts the true numbers on an answer, in place of those that the mock makes up. */
export class RatedReply extends ReplyThrough {
  #headers: HeaderList;

  constructor(to: Reply, rates: Rate[]) {
    super(to);
    this.#headers = rates.flatMap(toHeaders);
  }

  override head(status: number, reason: string, headers: HeaderList): void {
    this.to.head(status, reason, [...without(headers, /^x-ratelimit-/i), ...this.#headers]);
  }
}

function ratesOf(buckets: Buckets, now: number): Rate[] {
  return [...buckets].map(([name, bucket]) => ({
    ...{ name, limit: bucket.size, remaining: bucket.left(now) },
    resetMs: bucket.untilFull(now),
  }));
}

function toHeaders({ name, limit, remaining, resetMs }: Rate): HeaderList {
  return [
    ...[`x-ratelimit-limit-${name}`, String(limit)],
    ...[`x-ratelimit-remaining-${name}`, String(remaining)],
    ...[`x-ratelimit-reset-${name}`, toDuration(resetMs)],
  ];
}

type Refused = {
  kind: Kind;
  bucket: Bucket;
  wait: number;
  model: string;
  wanted: number;
  now: number;
};

function refusalOf({ kind, bucket, wait, model, wanted, now }: Refused): Answer {
  const limit = `on ${kind} per min (${shortNames[kind]}): Limit ${bucket.size}`;
  const tell = (message: string, headers: HeaderList) =>
    json(
      { error: { message, type: kind, param: null, code: "rate_limit_exceeded" } },
      429,
      headers,
    );
  if (wait === Number.POSITIVE_INFINITY)
    return tell(`Request too large for ${model} ${limit}, Requested ${wanted}.`, [
      ...["x-should-retry", "false"],
    ]);

  const used = `Used ${bucket.size - bucket.left(now)}, Requested ${wanted}`;
  const again = `Please try again in ${toDuration(wait)}.`;
  return tell(`Rate limit reached for ${model} ${limit}, ${used}. ${again}`, [
    ...["retry-after-ms", String(Math.ceil(wait))],
    ...["retry-after", String(Math.ceil(wait / 1_000))],
  ]);
}

/** A time as OpenAI writes it: `12ms`, `1.5s`, `6m0s`. */
export function toDuration(ms: number): string {
  const whole = Math.ceil(ms - 1e-6);
  if (whole < 1_000) return `${whole}ms`;
  const minutes = Math.floor(whole / minute);
  const seconds = (whole % minute) / 1_000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

import { Closing } from "../closing-event.ts";
import type { Exchange, HeaderList, Observer, Outcome } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { own } from "../server/router.ts";

/** One request as it was seen from here. Moments are on the clock of `performance.now()`. */
export type Attempt = {
  method: string;
  /** Path and query. */
  target: string;
  /** Stands for the body. */
  digest: string;
  /** How often the client says that it has tried before; OpenAI's SDKs do. */
  retryCount: number | undefined;
  idempotencyKey: string | undefined;
  startedAt: number;
  /** When the head of the answer left. */
  answeredAt: number;
  endedAt: number;
  status: number;
  /** Milliseconds that the answer asked the client to wait. */
  waitMs: number | undefined;
  /** What `x-should-retry` said. */
  shouldRetry: boolean | undefined;
  /** A 429 that no waiting cures. */
  isQuota: boolean;
  ending: Outcome["ending"];
  /** The event that closes a stream has come: what is behind it, nobody misses. */
  isClosed: boolean;
  bytesOut: number;
  /** The fault that struck. */
  fault: string | undefined;
};

/** A quota's error is short. */
const longest = 4_096;

/** Writes down all attempts, in the order in which they end. */
export function createRecord(): { observer: Observer; attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  const heads = new WeakMap<Exchange, { headers: HeaderList; at: number }>();
  /** What came with a 429. */
  const refusals = new WeakMap<Exchange, string>();
  const streams = new WeakMap<Exchange, Closing>();

  const observer: Observer = {
    answered(exchange, status, headers) {
      heads.set(exchange, { headers, at: performance.now() });
      if (status === 429) refusals.set(exchange, "");
      if (headerOf(headers, "content-type")?.startsWith("text/event-stream"))
        streams.set(exchange, new Closing());
    },
    chunk(exchange, chunk) {
      streams.get(exchange)?.read(chunk);
      const text = refusals.get(exchange);
      if (text === undefined || text.length >= longest) return;
      refusals.set(exchange, text + chunk.toString("latin1", 0, longest));
    },
    ended(exchange, { status, ending, bytesOut }) {
      const { method, target, headers, startedAt, trial } = exchange;
      if (target.startsWith(own) || !trial) return;
      const head = heads.get(exchange);
      const endedAt = performance.now();
      const answer = head?.headers ?? [];
      const isClosed = streams.get(exchange)?.isThere ?? false;
      attempts.push({
        method,
        target,
        digest: trial.digest(),
        retryCount: toNumber(headerOf(headers, "x-stainless-retry-count")),
        idempotencyKey: headerOf(headers, "idempotency-key"),
        startedAt,
        answeredAt: head?.at ?? endedAt,
        endedAt,
        status,
        waitMs: status >= 400 ? waitIn(answer) : undefined,
        shouldRetry: toBoolean(headerOf(answer, "x-should-retry")),
        isQuota: refusals.get(exchange)?.includes("insufficient_quota") ?? false,
        // Clients need not wait for more than the event that says so.
        ending: isClosed ? "complete" : ending,
        isClosed,
        bytesOut,
        fault: trial.struckAt === undefined ? undefined : trial.fault,
      });
    },
  };
  return { observer, attempts };
}

/** The shorter one where both are there: whoever obeys either obeys. */
function waitIn(headers: HeaderList): number | undefined {
  const ms = toNumber(headerOf(headers, "retry-after-ms"));
  const text = headerOf(headers, "retry-after");
  const seconds = toNumber(text);
  const date = text === undefined || seconds !== undefined ? Number.NaN : Date.parse(text);
  const waits = [ms, seconds === undefined ? undefined : seconds * 1_000, date - Date.now()];
  const known = waits.filter((wait) => wait !== undefined && !Number.isNaN(wait)) as number[];
  return known.length > 0 ? Math.min(...known) : undefined;
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function toBoolean(text: string | undefined): boolean | undefined {
  return text === "true" || text === "false" ? text === "true" : undefined;
}

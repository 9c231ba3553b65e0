import type { Attempt } from "./attempt.ts";

/** All attempts at one thing that the client wants, first to last. */
export type Call = [Attempt, ...Attempt[]];

/** That a client has left is heard a little later than what it does next. */
const atOnceMs = 50;

/** Faults that leave an answer whole, however odd. */
const harmless = /^(?:slow-head|unknown-event|duplicate-event|crlf|split-utf8|drip)$/;

export function isHarmless({ fault, ending, isClosed }: Attempt): boolean {
  if (fault === undefined) return false;
  if (fault === "cut") return isClosed;
  return harmless.test(fault) || (fault === "stall" && ending === "complete");
}

/** An answer that began well and did not end so. */
export function isBroken(attempt: Attempt): boolean {
  const { status, fault, ending } = attempt;
  const hasBegun = status === 101 || (status >= 200 && status < 300);
  if (!hasBegun) return false;
  return (fault !== undefined && !isHarmless(attempt)) || ending === "upstream_broke";
}

export function hasFailed(attempt: Attempt): boolean {
  const { status, ending } = attempt;
  return status === 0 || status >= 400 || isBroken(attempt) || ending !== "complete";
}

/** Whether a client should, must not or may (`undefined`) make a call again after this attempt. */
export function shouldRepeat(attempt: Attempt): boolean | undefined {
  const { status, shouldRetry, isQuota, method, fault, ending } = attempt;
  if (status === 0) return fault === "refuse" || ending === "upstream_broke" ? true : undefined;
  if (status < 400) return undefined;
  if (shouldRetry !== undefined) return shouldRetry;
  if (isQuota) return false;
  if ([408, 429, 500, 502, 503, 504].includes(status)) return true;
  if ([400, 403, 405, 413, 415, 422].includes(status)) return false;
  // Whoever polls for a thing that is being made asks again, and may.
  return status === 404 && method !== "GET" ? false : undefined;
}

/**
 * Finds out which attempts belong together: those with the same method, target and body. First by how the
 * client counts its retries, if it does; then whatever follows a call that has failed.
 */
export function toCalls(attempts: readonly Attempt[]): Call[] {
  const single = attempts.toSorted((a, b) => a.startedAt - b.startedAt).map((one): Call => [one]);
  return join(join(single, isCounted), isLater);
}

/** Puts each call behind the first earlier one that it goes on. */
function join(parts: Call[], goesOn: (next: Attempt, last: Attempt) => boolean): Call[] {
  const calls: Call[] = [];
  const alike = new Map<string, Call[]>();
  for (const part of parts) {
    const [{ method, target, digest }] = part;
    const key = `${method} ${target} ${digest}`;
    const others = alike.get(key) ?? [];
    alike.set(key, others);
    const former = others.find((call) => hasFailed(call.at(-1)!) && goesOn(part[0], call.at(-1)!));
    if (former) former.push(...part);
    else {
      calls.push(part);
      others.push(part);
    }
  }
  return calls;
}

function isCounted({ retryCount }: Attempt, last: Attempt): boolean {
  return Boolean(retryCount) && last.retryCount === retryCount! - 1;
}

/** A client need not read an answer to its end before it tries again. */
function isLater({ startedAt }: Attempt, { answeredAt, ending }: Attempt): boolean {
  return answeredAt <= startedAt + (ending === "client_left" ? atOnceMs : 0);
}

import type { Attempt } from "./attempt.ts";
import { type Call, hasFailed, isBroken, isHarmless, shouldRepeat } from "./calls.ts";

export type Verdict = "passed" | "failed" | "unknown";

/** What a rule says of one occasion. */
export type Finding = { verdict: Verdict; why: string };

/** How the command ended: with an exit code, or by a signal (`null`). */
export type CommandEnd = { code: number | null; at: number };

export type Rule = {
  name: string;
  about: string;
  source: string;
  /** A finding for each occasion that there was. */
  judge(call: Call, all: readonly Call[], end: CommandEnd): Finding[];
};

/** Timers may fire a little early, and a message takes time. */
const toleranceMs = 50;

/** A retry that comes faster is none that waits. */
const fastMs = 100;

const mostAttempts = 10;

const openai = "OpenAI's guide to rate limits (back off, then repeat), its SDKs";

/** What a client is graded by, in the order in which it is told. */
export const rules: readonly Rule[] = [
  {
    name: "waits",
    about: "waits as long as retry-after or retry-after-ms ask for",
    source: "RFC 9110 section 10.2.3",
    judge: (call) =>
      pairs(call).flatMap(([former, next]) => {
        if (former.waitMs === undefined || shouldRepeat(former) !== true || !next) return [];
        const gap = next.startedAt - former.answeredAt;
        const why = `asked to wait ${time(former.waitMs)}, waited ${time(gap)}`;
        return [gap < former.waitMs - toleranceMs ? failed(why) : passed(why)];
      }),
  },
  {
    name: "repeats",
    about: "repeats a call after 408, 429, 5xx or a connection that was refused",
    source: openai,
    judge([first, ...more], _all, end) {
      if (shouldRepeat(first) !== true) return [];
      if (more.length > 0) return [passed(`asked again after ${told(first)}`)];
      if (end.code === null) return [unknown("was ended by a signal")];
      return [failed(`gave up after one ${told(first)}`)];
    },
  },
  {
    name: "refrains",
    about: "does not repeat after 400, 403, 422, insufficient_quota or x-should-retry: false",
    source: "RFC 9110 section 15.5.1; OpenAI's error codes, its SDKs",
    judge: (call) =>
      pairs(call).flatMap(([former, next]) => {
        if (shouldRepeat(former) !== false) return [];
        return [next ? failed(`asked again after ${told(former)}`) : passed(told(former))];
      }),
  },
  {
    name: "paces",
    about: `leaves ${fastMs} ms and more between attempts, and makes no more than ${mostAttempts}`,
    source: openai,
    judge(call) {
      // After a refused connection many clients try a fresh one at once.
      const gaps = pairs(call)
        .filter(([former, next]) => next && shouldRepeat(former) === true)
        .map(([{ status, waitMs, answeredAt }, next]) => {
          const isBounded = status > 0 && waitMs === undefined;
          return isBounded ? next!.startedAt - answeredAt : Number.POSITIVE_INFINITY;
        });
      if (gaps.length === 0) return [];
      if (call.length > mostAttempts) return [failed(`${call.length} attempts`)];
      const least = Math.min(...gaps);
      if (least < fastMs) return [failed(`asked again after ${time(least)}`)];
      return [passed(`${call.length} attempts`)];
    },
  },
  {
    name: "notices",
    about: "does not take a broken answer for a whole one",
    source: "RFC 9112 section 8; OpenAI's streams end with [DONE] or response.completed",
    judge: (call, all, end) =>
      pairs(call).flatMap(([former, next]) =>
        isBroken(former) ? [noticing(former, next, all, end)] : [],
      ),
  },
  {
    name: "asks-once",
    about: "does not repeat a POST of whose answer it had bytes, unless with one idempotency-key",
    source: "RFC 9110 section 9.2.2",
    judge: (call) =>
      pairs(call).flatMap(([former, next]) => {
        const hadBytes = former.bytesOut > 0 && isBroken(former);
        if (former.method !== "POST" || !hadBytes) return [];
        if (!next) return [passed("did not ask again")];
        const hasKey = former.idempotencyKey && former.idempotencyKey === next.idempotencyKey;
        const why = `asked again after ${former.bytesOut} bytes of an answer`;
        return [hasKey ? passed(`${why}, with one key`) : failed(why)];
      }),
  },
  {
    name: "keeps-key",
    about: "sends the same idempotency-key with each attempt, where it sends one",
    source: "the idempotency-key header of OpenAI's SDKs",
    judge(call) {
      const keys = new Set(call.map(({ idempotencyKey }) => idempotencyKey));
      if (call.length < 2 || (keys.size === 1 && keys.has(undefined))) return [];
      if (keys.size === 1) return [passed("one key")];
      return [failed(`${keys.size} keys for ${call.length} attempts`)];
    },
  },
  {
    name: "tolerates",
    about: "reads answers that are odd but whole: late, in small slices, with unknown events",
    source: "WHATWG HTML section 9.2; OpenAI adds events without notice",
    judge: (call, all, end) =>
      pairs(call).flatMap(([former, next]) =>
        isHarmless(former) ? [tolerating(former, next, all, end)] : [],
      ),
  },
];

/** What can be seen from outside: another attempt, a client that left, the exit code. */
function noticing(
  broken: Attempt,
  next: Attempt | undefined,
  all: readonly Call[],
  { code, at }: CommandEnd,
): Finding {
  const what = `${broken.fault ?? "an answer that broke off"}`;
  if (next) return passed(`${what}: asked again`);
  if (code === null) return unknown(`${what}: the command was ended by a signal`);
  if (code !== 0) return passed(`${what}: ended with exit code ${code}`);
  if (broken.ending === "client_left" && broken.endedAt < at - fastMs)
    return passed(`${what}: left after ${time(broken.endedAt - broken.answeredAt)}`);
  const wentOn = all.some(([{ startedAt }]) => startedAt > broken.endedAt);
  if (wentOn) return unknown(`${what}: went on with other calls`);
  return failed(`${what}: ended with exit code 0, as if the answer were whole`);
}

function tolerating(
  odd: Attempt,
  next: Attempt | undefined,
  all: readonly Call[],
  { code }: CommandEnd,
): Finding {
  const { fault: what } = odd;
  // How long it would have had to wait cannot be said.
  if (odd.status === 0) return unknown(`${what}: left after ${time(odd.endedAt - odd.startedAt)}`);
  if (next) return failed(`${what}: asked again`);
  if (odd.ending === "client_left") return failed(`${what}: left before the end`);
  if (code === 0) return passed(`${what}`);
  const isAlone = all.flat().every((attempt) => isHarmless(attempt) || !hasFailed(attempt));
  if (isAlone && code !== null) return failed(`${what}: ended with exit code ${code}`);
  return unknown(`${what}: the command did not end well, for whatever reason`);
}

/** Each attempt with the one that follows it. */
function pairs(call: Call): [former: Attempt, next: Attempt | undefined][] {
  return call.map((attempt, i) => [attempt, call[i + 1]]);
}

function told({ status, isQuota, shouldRetry }: Attempt): string {
  if (status === 0) return "refused connection";
  const detail = isQuota ? " insufficient_quota" : "";
  return `${status}${detail}${shouldRetry === false ? " with x-should-retry: false" : ""}`;
}

function time(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

const passed = (why: string): Finding => ({ verdict: "passed", why });
const failed = (why: string): Finding => ({ verdict: "failed", why });
const unknown = (why: string): Finding => ({ verdict: "unknown", why });

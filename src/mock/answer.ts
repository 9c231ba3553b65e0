import { createHash } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HeaderList, Reply } from "../exchange.ts";
import type { Refusal } from "./refusal.ts";

/** What an operation of the mock answers: a body in one piece, or the slices of a stream. */
export type Answer = {
  status: number;
  headers: HeaderList;
  body: Buffer | Iterable<string>;
};

/** The moment of everything the mock makes: the same request has the same answer, whenever it comes. */
export const madeAt = 1_750_000_000;

/** An id that follows from what it stands for. */
export function idOf(prefix: string, seed: string): string {
  const digest = createHash("sha256").update(prefix).update(seed).digest("hex");
  return prefix + digest.slice(0, 32);
}

export function json(value: unknown, status = 200, headers: HeaderList = []): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: ["content-type", "application/json", ...headers], body };
}

export function refused(refusal: Refusal): Answer {
  return json(refusal, refusal.status, refusal.headers);
}

/** A stream of server-sent events, each already in the form of `toEvent`. */
export function events(body: Iterable<string>): Answer {
  return { status: 200, headers: ["content-type", "text/event-stream; charset=utf-8"], body };
}

export function toEvent(value: object, name?: string): string {
  return (name ? `event: ${name}\n` : "") + `data: ${JSON.stringify(value)}\n\n`;
}

/** What OpenAI puts on its answers besides; the numbers are made up. */
const everyAnswer: HeaderList = [
  ...["openai-processing-ms", "12"],
  ...["openai-version", "2020-10-01"],
  ...["x-ratelimit-limit-requests", "10000"],
  ...["x-ratelimit-limit-tokens", "2000000"],
  ...["x-ratelimit-remaining-requests", "9999"],
  ...["x-ratelimit-remaining-tokens", "1999000"],
  ...["x-ratelimit-reset-requests", "6ms"],
  ...["x-ratelimit-reset-tokens", "30ms"],
];

/** Hands an answer to the client; of a stream, one event a turn of the event loop. */
export async function send(answer: Answer, asked: { method: string; digest: string }, to: Reply) {
  const { status, body } = answer;
  const headers = [...answer.headers, "x-request-id", idOf("req_", asked.digest), ...everyAnswer];
  if (Buffer.isBuffer(body)) headers.push("content-length", String(body.length));
  to.head(status, STATUS_CODES[status] ?? "", headers);

  if (asked.method === "HEAD") return to.end();
  if (Buffer.isBuffer(body)) {
    to.data(body);
    return to.end();
  }
  for (const event of body) {
    if (to.data(Buffer.from(event))) await nextTurn();
    else await drained(to);
    if (to.over) return;
  }
  to.end();
}

function drained(reply: Reply): Promise<void> {
  return new Promise((resolve) => {
    reply.onDrain = resolve;
    reply.onGone = resolve;
  });
}

import { Readable } from "node:stream";
import { RelayError, relayBug, tapeEnds, tapeMiss } from "../errors.ts";
import type { Exchange, Reply, UpgradeReply } from "../exchange.ts";
import { type Scrub, withCredentials } from "../scrub.ts";
import { toAsked } from "./asked.ts";
import { Intake } from "./body.ts";
import { converse } from "./converse.ts";
import type { Asked, Matcher } from "./entry.ts";
import { openEntry } from "./file.ts";
import { TapeError } from "./lines.ts";
import { Pace } from "./pace.ts";
import { play } from "./play.ts";
import type { Answering } from "./recorder.ts";
import type { Score } from "./score.ts";
import type { Shelf } from "./shelf.ts";

export type Parts = {
  shelf: Shelf;
  matcher: Matcher;
  scrub: Scrub;
  speed: number;
  score: Score;
  /** Tells people what they should know of a recording. */
  say(line: string): void;
};

/** Answers from a tape. What is not on it is for `next`, or refused where there is none. */
export function createReplay(parts: Parts, next: Answering | undefined): Answering {
  const { shelf, scrub, score } = parts;

  /** The file that answers; `undefined`: it is not on the tape. */
  async function find(exchange: Exchange, upgrade: boolean): Promise<[Asked, string | undefined]> {
    const intake = await take(exchange, next !== undefined);
    const own = withCredentials(scrub, exchange.headers);
    const asked = await toAsked(exchange, upgrade, intake, own);
    return [asked, await shelf.take(asked)];
  }

  async function miss(asked: Asked, reply: Reply): Promise<void> {
    score.missed++;
    reply.fail(tapeMiss(asked.method, asked.path, await shelf.explain(asked)));
  }

  async function answer(exchange: Exchange, reply: Reply): Promise<void> {
    const gone = new AbortController();
    reply.onGone = () => gone.abort();
    const [asked, file] = await find(exchange, false);
    if (file === undefined) return next ? next.answer(exchange, reply) : miss(asked, reply);
    score.replayed++;
    const { lines } = await openEntry(file);
    const pace = new Pace(parts.speed, exchange.startedAt);
    await play(lines, reply, pace, gone.signal, () => {
      score.replayed--;
      score.missed++;
      parts.say(`relay: ${file} breaks off where its client left: record it again.`);
    });
  }

  async function upgrade(exchange: Exchange, reply: UpgradeReply): Promise<void> {
    const [asked, file] = await find(exchange, true);
    if (file === undefined) return next ? next.upgrade(exchange, reply) : miss(asked, reply);
    await converse(file, exchange, reply, parts);
  }

  return {
    answer: (exchange, reply) => void answer(exchange, reply).catch(failing(reply)),
    upgrade: (exchange, reply) => void upgrade(exchange, reply).catch(failing(reply)),
  };
}

/** Reads the whole body; `restore`: and puts it back as it was. */
async function take(exchange: Exchange, restore: boolean): Promise<Intake> {
  const { headers, body, bodyLength } = exchange;
  const intake = new Intake(headers);
  if (body === null) return intake;
  if (Buffer.isBuffer(body)) {
    intake.add(body);
    return intake;
  }
  const pieces: Buffer[] = [];
  for await (const piece of body as AsyncIterable<Buffer>) {
    intake.add(piece);
    if (restore) pieces.push(piece);
  }
  // A chunked one goes up chunked.
  if (restore)
    exchange.body = bodyLength === undefined ? Readable.from(pieces) : Buffer.concat(pieces);
  return intake;
}

function failing(reply: Reply): (error: unknown) => void {
  return (error) => {
    if (error instanceof RelayError) reply.fail(error);
    else if (error instanceof TapeError)
      reply.fail(tapeEnds(`${error.message} "relay tape check" says more.`, error));
    else reply.fail(relayBug(error));
  };
}

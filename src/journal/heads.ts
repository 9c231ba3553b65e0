import type { Exchange, HeaderList } from "../exchange.ts";
import { without } from "../header-list.ts";
import { notKept } from "../kept-headers.ts";
import { credentialsIn, type Scrub } from "../scrub.ts";
import { takeKeyProtocol } from "../subprotocol.ts";
import type { HeaderPairs, Heads } from "./call.ts";

/** Heads on their way to the thread, and what must not be written wherever it stands. */
export type CapturedHeads = Heads & { credentials: string[] };

export function toHeads({ target, headers }: Exchange): CapturedHeads {
  const asked = toPairs(takeKeyProtocol(headers).headers);
  return { target, asked, credentials: credentialsIn(headers) };
}

export function withAnswer(heads: CapturedHeads, answered: HeaderList): CapturedHeads {
  return { ...heads, answered: toPairs(answered) };
}

export function cleanHeads({ target, asked, answered, reason }: Heads, scrub: Scrub): Heads {
  const clean = (lines: HeaderPairs) =>
    lines.map(([name, value]): HeaderPairs[number] => [name, scrub(value)]);
  return {
    target: scrub(target),
    asked: clean(asked),
    ...(reason !== undefined && { reason }),
    ...(answered && { answered: clean(answered) }),
  };
}

/** A Content-Encoding. */
export function codingIn(lines: HeaderPairs | undefined): string | undefined {
  const coding = lines?.find(([name]) => /^content-encoding$/i.test(name))?.[1];
  return coding?.trim().toLowerCase();
}

function toPairs(headers: HeaderList): HeaderPairs {
  const kept = without(headers, notKept);
  const pairs: HeaderPairs = [];
  for (let i = 0; i < kept.length; i += 2) pairs.push([kept[i]!, kept[i + 1]!]);
  return pairs;
}

import type { Exchange, HeaderList } from "../exchange.ts";
import { without } from "../header-list.ts";
import { notKept } from "../kept-headers.ts";
import { credentialsIn } from "../scrub.ts";
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

function toPairs(headers: HeaderList): HeaderPairs {
  const kept = without(headers, notKept);
  const pairs: HeaderPairs = [];
  for (let i = 0; i < kept.length; i += 2) pairs.push([kept[i]!, kept[i + 1]!]);
  return pairs;
}

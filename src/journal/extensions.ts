import type { Prices } from "../usage/prices.ts";
import type { Call } from "./call.ts";
import type { Given } from "./words.ts";

/** What hears of calls in the thread, beside the journal. */
export type Extension = {
  /** A call has ended; `traceparent`: the header of its request. */
  ended?(call: Call, traceparent: string | undefined): void;
  /** Answers to questions of its own, by their names (see `Questions`). */
  answers?: Record<string, (...args: never[]) => unknown>;
  close?(): Promise<void>;
};

export type Surroundings = Given & { prices: Prices; say(line: string): void };

/** Each is loaded only where the settings ask for it. */
export async function loadExtensions(_around: Surroundings): Promise<Extension[]> {
  return [];
}

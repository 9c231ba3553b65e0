import type { Exchange } from "../exchange.ts";
import { costOf } from "../usage/cost.ts";
import type { Prices } from "../usage/prices.ts";
import { usageOf } from "../usage/usage-of.ts";
import type { Metered } from "./metered.ts";

/**
 * What counts for a call that is over: what it did cost where that is known, else what was reserved.
 * `path` is comparable.
 */
export function costIn(
  { status, ending, found }: Metered,
  { method, fields, sentAt, usage: kept }: Exchange,
  path: string,
  reserved: number,
  prices: Prices,
): number {
  // OpenAI bills neither what it refuses nor what it never got.
  if (status >= 300 || (status === 0 && sentAt === undefined)) return 0;
  const told = kept ?? found;
  if (status === 0 || told === undefined) return reserved;
  const usage = usageOf({ method, path }, told, { status, ending });
  if (usage === undefined) return reserved;

  const costs = [told.model, fields?.model].map((name) => costOf(name, usage, told.tier, prices));
  const { state, nano } = costs.find((cost) => cost.state !== "unknown") ?? costs[0]!;
  if (state === "unknown" || !(nano >= 0 && nano <= most)) return reserved;
  return state === "partial" ? Math.max(reserved, nano) : nano;
}

/** Beyond it amounts could no longer be added up. */
const most = 1e15;

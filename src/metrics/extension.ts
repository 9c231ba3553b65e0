import type { Prices } from "../usage/prices.ts";
import type { CallMetrics, Families } from "./calls.ts";
import { type Scraped, toExposition } from "./exposition.ts";
import { createMetrics } from "./metrics.ts";

/** What the thread is asked at a scrape. */
export type MetricsQuestions = {
  /** What was counted here. */
  families(): Promise<Families>;
  /** The page, of all processes of a relay together. */
  exposition(all: readonly Scraped[]): Promise<string>;
};

/** Counts in the journal's thread, beside the journal. */
export function createMetricsExtension(prices: Prices): {
  ended: CallMetrics["ended"];
  answers: MetricsQuestions;
} {
  const { ended, families } = createMetrics(prices);
  return { ended, answers: { families, exposition: toExposition } };
}

import type { Answerer } from "../exchange.ts";
import type { Journal } from "../journal/journal.ts";
import { createMetricsAnswer } from "./answer.ts";
import type { RelayFigures, Scraped } from "./exposition.ts";
import { processFigures } from "./process.ts";

export type Parts = {
  journal: Journal;
  open(): Omit<RelayFigures, "lost">;
  /** Asks all processes of a relay; absent where there is one. */
  scrapeAll: (() => Promise<Scraped[]>) | undefined;
};

/** What a process says at a scrape, and the page that is made of it: both by the journal's thread. */
export function createScrape({ journal, open, scrapeAll }: Parts): {
  scrape(): Promise<Scraped>;
  answer: Answerer;
} {
  async function scrape(): Promise<Scraped> {
    const families = await journal.ask("families");
    return { process: processFigures(), relay: { ...open(), lost: journal.lost }, families };
  }
  const answer = createMetricsAnswer(async () => {
    const all = scrapeAll ? await scrapeAll() : [await scrape()];
    return journal.ask("exposition", all);
  });
  return { scrape, answer };
}

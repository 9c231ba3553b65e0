import type { Config } from "../config/settings.ts";
import type { Sessions } from "../inspector/sessions.ts";
import type { Scraped } from "../metrics/exposition.ts";
import type { Relay } from "../relay.ts";
import type { Reloads } from "../server/router.ts";

/** The settings, and which they are: a request gets its key by those that it began with. */
export type Edition = { config: Config; edition: number };

/** What the primary asks of a worker. Connections come beside these, one a message. */
export type ToWorker = Pick<Relay, "open" | "countReloads" | "stop" | "cut"> & {
  scrape: NonNullable<Relay["scrape"]>;
  serve(given: Edition & { port: number; mark: string; reloads: Reloads }): Promise<void>;
  reload(next: Edition): Promise<void>;
};

/** What a worker asks of the primary. */
export type ToPrimary = {
  key(question: KeyQuestion): Promise<string | undefined>;
  addSession: Sessions["add"];
  findSession: Sessions["find"];
  removeSession: Sessions["remove"];
  scrapeAll(): Promise<Scraped[]>;
};

/** Asks for the key of a place; `instead` is one that upstream has refused. */
export type KeyQuestion = { edition: number; place: string; instead: string | undefined };

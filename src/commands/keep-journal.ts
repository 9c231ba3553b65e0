import type { Config } from "../config/settings.ts";
import type { Journal } from "../journal/journal.ts";
import { placeOf } from "../journal/place.ts";
import { findEndpoint } from "../trace/endpoint.ts";

/**
 * A journal for a relay of this process, as the settings say. `command`: what the relay is for. Metrics and
 * traces are made in its thread: for them alone it keeps as little as it can, and nobody reads that.
 */
export async function keepJournal(config: Config, command: string): Promise<Journal | undefined> {
  const isCounted = config.metrics || findEndpoint(config, process.env).url !== undefined;
  if (!config.journal && !isCounted) return undefined;
  const { createJournal } = await import("../journal/create.ts");
  const say = (line: string) => void process.stderr.write(`relay: ${line}\n`);
  if (config.journal) return createJournal({ config, file: placeOf(config), command, say });
  const least = { ...config, capture: false, journalSize: 0 };
  return createJournal({ config: least, file: ":memory:", command, say });
}

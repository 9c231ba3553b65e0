import type { Config } from "../config/settings.ts";
import type { Journal } from "../journal/journal.ts";
import { placeOf } from "../journal/place.ts";

/** A journal for a relay of this process, as the settings say. `command`: what the relay is for. */
export async function keepJournal(config: Config, command: string): Promise<Journal | undefined> {
  if (!config.journal) return undefined;
  const { createJournal } = await import("../journal/create.ts");
  const say = (line: string) => void process.stderr.write(`relay: ${line}\n`);
  return createJournal({ config, file: placeOf(config), command, say });
}

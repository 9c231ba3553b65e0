import type { Command } from "commander";
import { UsageError } from "../config/error.ts";
import type { Config } from "../config/settings.ts";
import { placeOf } from "../journal/place.ts";
import { configOf } from "./tape/say.ts";

/** The file of the journal that a command with the flag of `journalFile` is to read. */
export async function journalOf(command: Command): Promise<string> {
  return journalIn(await configOf(command));
}

export function journalIn(config: Config): string {
  const file = placeOf(config);
  if (file !== ":memory:") return file;
  throw new UsageError(
    "A journal in memory can be read by its relay alone: open its page, or keep it in a file (journalFile).",
  );
}

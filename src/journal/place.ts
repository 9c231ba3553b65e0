import { join } from "node:path";
import { stateFolder } from "../config/folders.ts";
import type { Config } from "../config/settings.ts";

/** Where the journal of these settings is: a file, or `:memory:`. */
export function placeOf({ journalFile }: Config, env: NodeJS.ProcessEnv = process.env): string {
  return journalFile || join(stateFolder(env), "journal.db");
}

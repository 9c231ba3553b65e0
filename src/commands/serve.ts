import type { Config } from "../config/settings.ts";
import { createLog, createRequestLog } from "../observe/log.ts";
import { type Relay, startRelay, type Ties } from "../relay.ts";
import { keepJournal } from "./keep-journal.ts";
import { boundYoungGeneration } from "./young-generation.ts";

/** A relay in this process that writes its log, alone or as one of several workers. */
export async function serve(config: Config, ties?: Ties): Promise<Relay> {
  const log = await createLog(config);
  const journal = await keepJournal(config, "start");
  const relay = await startRelay(config, [createRequestLog(log)], process.env, {
    ...ties,
    journal,
  });
  boundYoungGeneration();
  return {
    ...relay,
    async reload(next) {
      await relay.reload(next);
      log.logger.level = next.log.level;
    },
  };
}

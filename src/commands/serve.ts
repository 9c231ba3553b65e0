import type { Config } from "../config/settings.ts";
import { createLogger, createRequestLog } from "../observe/log.ts";
import { type Relay, startRelay, type Ties } from "../relay.ts";
import { boundYoungGeneration } from "./young-generation.ts";

/** A relay in this process that writes its log, alone or as one of several workers. */
export async function serve(config: Config, ties?: Ties): Promise<Relay> {
  const logger = await createLogger(config);
  const relay = await startRelay(config, [createRequestLog(logger)], process.env, ties);
  boundYoungGeneration();
  return {
    ...relay,
    async reload(next) {
      await relay.reload(next);
      logger.level = next.log.level;
    },
  };
}

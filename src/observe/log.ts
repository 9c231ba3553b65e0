import { type Logger, pino } from "pino";
import type { Config } from "../config/settings.ts";
import type { Exchange, Observer, Outcome } from "../exchange.ts";
import { createLines, type Lines } from "./lines.ts";
import { error, info, pathOf, toRequestLine } from "./request-line.ts";

/** The log: pretty on a terminal, JSON lines else, always on stderr. */
export type Log = { logger: Logger; lines: Lines };

export async function createLog(config: Config): Promise<Log> {
  const { level } = config.log;
  const lines = await createLogStream(config);
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, lines);
  return { logger, lines };
}

/** Takes JSON lines, and writes what people or programs are to read. */
export async function createLogStream({ log: { format } }: Config): Promise<Lines> {
  const pretty =
    format === "pretty" || (format === "auto" && process.stderr.isTTY && !process.env.CI);
  const lines = createLines(2);
  // In process: pino's worker-thread transports cannot be bundled.
  return pretty ? (await import("./pretty.ts")).createPretty(lines) : lines;
}

/** One line a request; at level debug there is another one when a request begins. */
export function createRequestLog({ logger, lines }: Log): Observer {
  return {
    ...(logger.isLevelEnabled("debug") && {
      asked({ id, method, target }: Exchange) {
        logger.debug({ id, method, path: pathOf(target) }, "asked");
      },
    }),
    ended(exchange, outcome) {
      const level = isFailure(outcome) ? error : info;
      if (logger.levelVal <= level) lines.write(toRequestLine(level, exchange, outcome));
    },
  };
}

/** Neither the client's doing nor OpenAI's answer. */
function isFailure({ ending, error }: Outcome): boolean {
  return ending === "upstream_broke" || (error !== undefined && error.status >= 500);
}

import { destination, type Logger, pino } from "pino";
import type { Config } from "../config/settings.ts";
import type { Observer } from "../exchange.ts";

/** The log: pretty on a terminal, JSON lines else, always on stderr. */
export async function createLogger(config: Config): Promise<Logger> {
  const { level, format } = config.log;
  const pretty =
    format === "pretty" || (format === "auto" && process.stderr.isTTY && !process.env.CI);
  // In process: pino's worker-thread transports cannot be bundled.
  const stream = pretty
    ? (await import("./pretty.ts")).createPretty()
    : // Several lines a write: one write a line costs as much as all the rest of a request. What a reader
      // who has stopped reading leaves waiting is bounded.
      destination({
        fd: 2,
        sync: false,
        minLength: 16_384,
        periodicFlush: 100,
        maxLength: 4 * 1024 * 1024,
      });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/**
 * One line a request, made of named fields only: no header, no body, no query can slip in (they may hold
 * secrets).
 */
export function createRequestLog(logger: Logger): Observer {
  return {
    ended(exchange, outcome) {
      const line = {
        id: exchange.id,
        method: exchange.method,
        path: toPrintable(exchange.target.split("?", 1)[0]!),
        status: outcome.status,
        bytesIn: exchange.bytesIn,
        bytesOut: outcome.bytesOut,
        firstByteMs: toTenths(outcome.firstByteMs),
        durationMs: toTenths(outcome.durationMs),
        ending: outcome.ending,
        client: exchange.client,
        error: outcome.error?.code,
        cause: causeOf(outcome.error?.cause),
      };
      if (outcome.error && outcome.error.status >= 500) logger.warn(line, outcome.error.message);
      else logger.info(line, outcome.error?.message);
    },
  };
}

/** A failure's code, and its message only when it has none: messages may quote what was sent. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" ? code : cause.name;
}

function toTenths(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}

/** Nothing that a terminal could take for a command (targets that were refused are logged too). */
function toPrintable(path: string): string {
  return path.slice(0, 512).replace(/[^\x20-\x7e]/g, "?");
}

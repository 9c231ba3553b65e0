import { type Logger, pino } from "pino";
import type { Config } from "../config/settings.ts";
import type { Exchange, Observer, Outcome } from "../exchange.ts";
import { tellable } from "../tellable.ts";
import { createLines, type Lines } from "./lines.ts";

/** The log: pretty on a terminal, JSON lines else, always on stderr. */
export async function createLogger(config: Config): Promise<Logger> {
  const { level } = config.log;
  const stream = await createLogStream(config);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** Takes JSON lines, and writes what people or programs are to read. */
export async function createLogStream({ log: { format } }: Config): Promise<Lines> {
  const pretty =
    format === "pretty" || (format === "auto" && process.stderr.isTTY && !process.env.CI);
  const lines = createLines(2);
  // In process: pino's worker-thread transports cannot be bundled.
  return pretty ? (await import("./pretty.ts")).createPretty(lines) : lines;
}

/**
 * One line a request, made of named fields only: no header, no body, no query can slip in (they may hold
 * secrets), and of the path what is plain words and OpenAI's ids. At level debug there is another one when a request begins.
 */
export function createRequestLog(logger: Logger): Observer {
  return {
    ...(logger.isLevelEnabled("debug") && {
      asked({ id, method, target }: Exchange) {
        logger.debug({ id, method, path: pathOf(target) }, "asked");
      },
    }),
    ended(exchange, outcome) {
      const { error } = outcome;
      const line = {
        id: exchange.id,
        method: exchange.method,
        path: pathOf(exchange.target),
        status: outcome.status,
        bytesIn: exchange.bytesIn,
        bytesOut: outcome.bytesOut,
        firstByteMs: toTenths(outcome.firstByteMs),
        durationMs: toTenths(outcome.durationMs),
        ending: outcome.ending,
        client: exchange.client,
        key: exchange.key,
        error: error?.code,
        cause: causeOf(error?.cause),
        stack: error?.code === "relay_error" ? framesOf(error.cause) : undefined,
      };
      const message = error && toPrintable(error.message);
      if (isFailure(outcome)) logger.error(line, message);
      else logger.info(line, message);
    },
  };
}

/** Neither the client's doing nor OpenAI's answer. */
function isFailure({ ending, error }: Outcome): boolean {
  return ending === "upstream_broke" || (error !== undefined && error.status >= 500);
}

/** A failure's code, and its message only when it has none: messages may quote what was sent. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" ? code : cause.name;
}

/** Where in the code it happened, without the message. */
function framesOf(cause: unknown): string[] | undefined {
  if (!(cause instanceof Error) || cause.stack === undefined) return undefined;
  const afterMessage = cause.stack.indexOf(cause.message) + cause.message.length;
  const frames = cause.stack.slice(afterMessage).match(/^ {4}at .*/gm) ?? [];
  return frames.map((frame) => toPrintable(frame.trim()));
}

function toTenths(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}

/** Without the query, and without what may stand in front of the path: a user and a password. */
function pathOf(target: string): string {
  const path = target.split(/[?#]/, 1)[0]!;
  return tellable(path.startsWith("/") ? path : path.replace(/^[a-z]+:\/\/[^/]*/i, ""));
}

/** Nothing that a terminal could take for a command. */
function toPrintable(text: string): string {
  return text.slice(0, 512).replace(/[^\x20-\x7e…]/g, "?");
}

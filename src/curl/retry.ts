import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { CurlOptions } from "./options.ts";
import type { Request } from "./request.ts";
import type { Transfer } from "./transfer.ts";

/** When a call is made once more, and what is said of it. */
type Again = { seconds: number; remark: string };

const longestWait = 600;

/** Counts the tries of `--retry`, each of which waits twice as long as the one before. */
export function createRetry(
  options: CurlOptions,
  { body }: Request,
): (transfer: Transfer) => Again | undefined {
  const { retryDelay, retryMaxTime } = options;
  const startedAt = performance.now();
  // Nobody can read standard input twice.
  let left = body && "once" in body.content ? 0 : (options.retry ?? 0);
  let wait = 1;

  return function retry(transfer) {
    const why = left > 0 ? reasonToRetry(transfer, options) : undefined;
    if (why === undefined) return undefined;
    const asked = why === "HTTP error" ? retryAfter(transfer.headers) : 0;
    const seconds = asked || retryDelay || wait;
    const spent = (performance.now() - startedAt) / 1000;
    if (retryMaxTime && spent + asked >= retryMaxTime) return undefined;
    wait = Math.min(wait * 2, longestWait);
    left -= 1;
    const next = `Will retry in ${seconds} seconds. ${left} retries left.`;
    return { seconds, remark: `Problem: ${why}. ${next}` };
  };
}

/** What curl takes for a passing trouble. */
function reasonToRetry({ error, status }: Transfer, options: CurlOptions): string | undefined {
  const exitCode = error?.exitCode ?? 0;
  if (exitCode === 28 || exitCode === 6) return "timeout";
  if (exitCode === 7 && options.retryConnrefused) return "connection refused";
  if ((exitCode === 0 || exitCode === 22) && [408, 429, 500, 502, 503, 504].includes(status))
    return "HTTP error";
  return error && options.retryAllErrors ? "any error" : undefined;
}

/** Seconds, or a date. */
function retryAfter(headers: HeaderList): number {
  const text = headerOf(headers, "retry-after")?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  const seconds = Math.ceil((Date.parse(text) - Date.now()) / 1000);
  return seconds > 0 ? seconds : 0;
}

import type { Ending } from "../exchange.ts";
import { type Counts, readCounts } from "./counts.ts";
import type { Found } from "./found.ts";
import { tellingOf } from "./operations.ts";
import type { Usage } from "./usage.ts";

export { mayReportUsage } from "./operations.ts";

/** How a call ended; status 0: without a head. */
type End = { status: number; ending: Ending };

/** What a call used. `undefined`: it counts no tokens, or was refused and costs none. */
export function usageOf(
  operation: { method: string; path: string },
  found: Found,
  end: End,
): Usage | undefined {
  const telling = tellingOf(operation.method, operation.path);
  if (telling === undefined || isFree(end)) return undefined;
  if (telling === "free") return { state: "known", input: 0, output: 0 };

  const counts = found.usage === undefined ? undefined : readCounts(found.usage);
  if (counts === undefined) return { state: "unknown" };
  // A client may leave as soon as it has read the closing event: then nothing is missing.
  const isWhole = end.ending === "complete" || found.isClosed;
  const usage: Usage = { state: isWhole ? "known" : "partial", ...ofKind(operation.path, counts) };
  return found.tools !== undefined && countsAny(found.tools) ? { ...usage, hasFees: true } : usage;
}

/** Whether anything in it is more than none. */
function countsAny(tools: string): boolean {
  return /:\s*(?:0*[1-9]|0\.)/.test(tools);
}

/** Where it is not told apart, pictures are made of image tokens, and sound of audio tokens. */
function ofKind(path: string, counts: Counts): Counts {
  const { input, output } = counts;
  if (output !== undefined && /\/images\/\w+$/.test(path))
    return { imageOutput: output, ...counts };
  if (output !== undefined && path.endsWith("/audio/speech"))
    return { audioOutput: output, ...counts };
  if (input !== undefined && /\/audio\/trans\w+$/.test(path))
    return { audioInput: input, ...counts };
  return counts;
}

/** OpenAI does not bill what it refuses, nor what never reached it. */
function isFree({ status, ending }: End): boolean {
  return status >= 300 || (ending === "refused" && status === 0);
}

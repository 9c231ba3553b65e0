import type { Call } from "../journal/call.ts";
import { toDollars } from "../terminal/figures.ts";

/** A call in few words: what an agent reads first. */
export function toBrief(call: Call) {
  const { seq, startedAt, method, path, model, status, ending, error, errorMessage } = call;
  const { usage, cost, times, client, tag, again, relay, isStream, isCaptured } = call;
  return {
    id: seq,
    started: new Date(startedAt).toISOString(),
    method: call.kind === "websocket" ? "WebSocket" : method,
    path,
    model,
    status,
    ending: ending ?? "running",
    error,
    errorMessage,
    ms: rounded(times.end),
    firstSliceMs: rounded(times.firstSlice),
    isStream: isStream || undefined,
    tokens: usage,
    // Never a zero that is none: "?" is unknown, "~" leads a sum in which something is missing.
    usd: cost && toDollars(cost),
    client,
    tag,
    again,
    command: relay.command,
    isCaptured,
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}

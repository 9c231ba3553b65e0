import { isSpanContextValid, type SpanContext } from "@opentelemetry/api";

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What a `traceparent` header names (W3C Trace Context); `undefined` where it is not as it must be. */
export function toParent(traceparent: string): SpanContext | undefined {
  const [, version, traceId = "", spanId = "", flags = "", rest] = form.exec(traceparent) ?? [];
  // Later versions may add to it, this one may not.
  if (version === undefined || version === "ff" || (version === "00" && rest)) return undefined;
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(parent) ? parent : undefined;
}

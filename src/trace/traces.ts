import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { operations } from "../conformance/operations.ts";
import type { Call } from "../journal/call.ts";
import { createOperationLabels, other } from "../metrics/operation.ts";
import { version } from "../version.ts";
import { errorType, generativeName, toAttributes } from "./attributes.ts";
import { createExporter } from "./exporter.ts";
import { toParent } from "./parent.ts";

/** Sends each call that ended as a span. */
export type Traces = {
  /** `traceparent`: the client's own header, whose span becomes the parent. */
  ended(call: Call, traceparent?: string): void;
  /** Sends what is left, for no longer than a moment. */
  close(): Promise<void>;
};

export type Destination = {
  url: string;
  /** The base URL of the upstream. */
  upstream: string;
  say(remark: string): void;
};

/** Milliseconds: between two batches, and for the last one. */
const batchMs = 1_000;
const farewellMs = 1_500;

export function createTraces({ url, upstream, say }: Destination): Traces {
  const own = resourceFromAttributes({
    "service.name": "openai-relay",
    "service.version": version,
  });
  const asked = detectResources({ detectors: [envDetector] });
  const processor = new BatchSpanProcessor({
    exporter: createExporter(url, say),
    scheduledDelayMillis: batchMs,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(own).merge(asked),
    // Whether a trace is kept is the client's decision; without a parent it is.
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("openai-relay", version);
  const labelOf = createOperationLabels(operations);
  const at = new URL(upstream);

  return {
    ended(call, traceparent) {
      const parent = traceparent === undefined ? undefined : toParent(traceparent);
      const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
      const operation = labelOf(call.method, call.path);
      const { startedAt: startTime, times } = call;
      const attributes = toAttributes(call, operation, at);
      const options = { kind: SpanKind.CLIENT, startTime, attributes };
      const span = tracer.startSpan(nameOf(call, operation), options, context);
      if (!span.isRecording()) return;

      const { sent, connect } = times;
      if (sent !== undefined && connect !== undefined) {
        const began = { startTime: startTime + sent - connect };
        const child = trace.setSpan(context, span);
        tracer.startSpan("connect", began, child).end(startTime + sent);
      }
      addMoments(span, call);
      const type = errorType(call);
      if (type !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: type });
      span.end(startTime + (times.end ?? 0));
    },
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, farewellMs);
      // Whoever exports has said why it failed.
      await Promise.race([provider.shutdown().catch(() => {}), promise]);
      clearTimeout(timer);
    },
  };
}

function nameOf({ method, model }: Call, operation: string): string {
  const name = generativeName(operation);
  if (name !== undefined) return model === undefined ? name : `${name} ${model}`;
  return operation === other ? method : operation;
}

function addMoments(span: Span, { startedAt, times }: Call): void {
  const moments = { sent: times.sent, head: times.head, "first slice": times.firstSlice };
  for (const [name, ms] of Object.entries(moments))
    if (ms !== undefined) span.addEvent(name, startedAt + ms);
}

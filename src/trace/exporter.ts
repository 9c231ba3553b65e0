import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { SpanExporter } from "@opentelemetry/sdk-trace";

/**
 * Sends spans as JSON by OTLP over HTTP. OpenTelemetry's variables for headers, certificates, compression
 * and timeouts are its own. A failure is said once, until spans arrive again.
 */
export function createExporter(url: string, say: (remark: string) => void): SpanExporter {
  const exporter = new OTLPTraceExporter({ url });
  const { origin } = new URL(url);
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !isFailing) say(`Traces do not arrive at ${origin}: ${whyOf(result.error)}.`);
        isFailing = failed;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Never what the other side answered: only which failure it was. */
function whyOf(error: (Error & { code?: unknown }) | undefined): string {
  const { code } = error ?? {};
  if (typeof code === "number") return `it answered ${code}`;
  return typeof code === "string" ? code : (error?.message ?? "no reason was given");
}

import type { Config } from "../config/settings.ts";

type Env = NodeJS.ProcessEnv;

/** Where spans go, and why not where somebody asked for them in a way that the relay does not know. */
export type Endpoint = { url?: string; remark?: string };

/**
 * Where spans go by OTLP over HTTP: the setting, else OpenTelemetry's own variables. `url` is absent unless
 * one of them is set: without it nothing is sent to anybody.
 */
export function findEndpoint({ otlpEndpoint }: Pick<Config, "otlpEndpoint">, env: Env): Endpoint {
  if (otlpEndpoint !== "") return { url: below(otlpEndpoint) };
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true" || env.OTEL_TRACES_EXPORTER === "none")
    return {};
  const traces = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!traces && !base) return {};

  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? "";
  if (protocol === "grpc")
    return { remark: "Traces go by OTLP over HTTP only: grpc is not served, and none are sent." };
  const url = traces || below(base!);
  return /^https?:\/\//.test(url) && URL.canParse(url)
    ? { url }
    : { remark: "OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// URL: no traces are sent." };
}

function below(base: string): string {
  return `${base.replace(/\/+$/, "")}/v1/traces`;
}

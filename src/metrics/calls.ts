import { Counter, Histogram, Registry } from "prom-client";
import type { Call } from "../journal/call.ts";
import type { Usage } from "../usage/usage.ts";
import { other } from "./operation.ts";

/** Metrics of calls with their values: what one process counted. */
export type Families = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** Counts calls as they end. Each label has only so many values, whatever clients send. */
export type CallMetrics = {
  ended(call: Call): void;
  families(): Promise<Families>;
};

type Labels = {
  operationOf(method: string, path: string): string;
  /** `undefined`: a model that nobody knows. */
  modelOf(model: string): string | undefined;
};

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const longer = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];
const minutes = [1, 10, 60, 300, 900, 1800, 3600];

/** How the kinds of tokens are called in labels. */
const tokenKinds = {
  input: "input",
  cachedInput: "cached_input",
  output: "output",
  reasoning: "reasoning",
  audioInput: "audio_input",
  cachedAudioInput: "cached_audio_input",
  audioOutput: "audio_output",
  imageInput: "image_input",
  cachedImageInput: "cached_image_input",
  imageOutput: "image_output",
} satisfies { [Kind in Exclude<keyof Usage, "state" | "seconds" | "hasFees">]-?: string };

export function createCallMetrics({ operationOf, modelOf }: Labels): CallMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <T extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly T[] = [],
  ) => new Histogram({ name, help, buckets, labelNames, registers });

  const requests = counter(
    "relay_requests_total",
    "Requests and WebSockets that ended, by operation, class of the status and ending.",
    ["kind", "operation", "status", "ending"],
  );
  const errors = counter(
    "relay_errors_total",
    "Errors of the relay's own, by the code that x-relay-error names.",
    ["code"],
  );
  const duration = histogram(
    "relay_request_duration_seconds",
    "From a request's head to the end of its answer.",
    longer,
    ["operation"],
  );
  const firstSlice = histogram(
    "relay_time_to_first_slice_seconds",
    "From a request's head to the first slice of its answer's body.",
    seconds,
    ["operation"],
  );
  const webSocket = histogram(
    "relay_websocket_duration_seconds",
    "From a WebSocket's handshake to its end.",
    minutes,
  );
  const upstreamRequests = counter(
    "relay_upstream_requests_total",
    "Requests that went upstream, on a new connection or on one used again.",
    ["connection"],
  );
  const connect = histogram(
    "relay_upstream_connect_seconds",
    "What opening a connection upstream took: name, TCP, TLS.",
    seconds,
  );
  const bytesIn = counter(
    "relay_request_bytes_total",
    "Bytes of bodies and WebSocket data that clients sent.",
    ["kind"],
  );
  const bytesOut = counter(
    "relay_response_bytes_total",
    "Bytes of bodies and WebSocket data that clients got.",
    ["kind"],
  );
  const tokens = counter(
    "relay_tokens_total",
    "Tokens as OpenAI counts them; cached_input is part of input, reasoning part of output.",
    ["model", "type"],
  );
  const cost = counter(
    "relay_cost_usd_total",
    "US dollars by the price table; what relay_costed_calls_total calls unknown is not in it.",
    ["model"],
  );
  const costed = counter(
    "relay_costed_calls_total",
    "Calls that use tokens, by how sure their cost is: known, partial or unknown.",
    ["model", "certainty"],
  );

  return {
    ended(call) {
      const { kind, status, ending = other, times, error, usage } = call;
      const operation = operationOf(call.method, call.path);
      requests.inc({ kind, operation, status: classOf(status), ending });
      if (error !== undefined) errors.inc({ code: error });
      bytesIn.inc({ kind }, call.bytesIn);
      bytesOut.inc({ kind }, call.bytesOut);
      if (times.sent !== undefined) {
        upstreamRequests.inc({ connection: times.connect === undefined ? "reused" : "new" });
        if (times.connect !== undefined) connect.observe(times.connect / 1e3);
      }
      if (kind === "websocket") {
        if (times.end !== undefined) webSocket.observe(times.end / 1e3);
      } else {
        if (times.end !== undefined) duration.observe({ operation }, times.end / 1e3);
        if (times.firstSlice !== undefined)
          firstSlice.observe({ operation }, times.firstSlice / 1e3);
      }
      if (!usage) return;
      const model = (call.model !== undefined && modelOf(call.model)) || other;
      for (const [name, type] of Object.entries(tokenKinds)) {
        const count = usage[name as keyof typeof tokenKinds];
        if (count !== undefined) tokens.inc({ model, type }, count);
      }
      const { state: certainty, nano } = call.cost ?? { state: "unknown", nano: 0 };
      costed.inc({ model, certainty });
      cost.inc({ model }, nano / 1e9);
    },
    families: () => registry.getMetricsAsJSON(),
  };
}

/** `2xx`; `none` where no head was sent. */
function classOf(status: number): string {
  return status === 0 ? "none" : `${Math.floor(status / 100)}xx`;
}

import type { Attributes } from "@opentelemetry/api";
import type { Call } from "../journal/call.ts";

/** What OpenTelemetry's conventions for generative AI call these operations. */
const names = new Map([
  ["POST /v1/chat/completions", "chat"],
  ["POST /v1/responses", "chat"],
  ["POST /v1/completions", "text_completion"],
  ["POST /v1/embeddings", "embeddings"],
]);

/** `undefined`: an operation that the conventions do not name. */
export function generativeName(operation: string): string | undefined {
  return names.get(operation);
}

/**
 * A call in the words of OpenTelemetry's semantic conventions: figures and names, never what was said. What
 * they have no word for begins with `relay.`.
 */
export function toAttributes(call: Call, operation: string, upstream: URL): Attributes {
  const { usage, cost, times } = call;
  const type = errorType(call);
  return defined({
    "gen_ai.operation.name": generativeName(operation),
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": call.model,
    "gen_ai.request.stream": call.isStream || undefined,
    "gen_ai.response.time_to_first_chunk": call.isStream ? toSeconds(times.firstSlice) : undefined,
    "gen_ai.usage.input_tokens": usage?.input,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInput,
    "gen_ai.usage.output_tokens": usage?.output,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoning,
    // Of what a tape, the mock or the relay itself answers, no server was asked.
    ...(times.sent !== undefined && toServer(upstream)),
    "http.request.method": call.method,
    "http.response.status_code": call.status || undefined,
    "url.path": call.path,
    "url.template": operation.split(" ")[1],
    "error.type": type,
    "relay.call.id": call.id,
    "relay.ending": call.ending,
    "relay.client": call.client,
    "relay.tag": call.tag,
    "relay.cost.usd": cost && cost.state !== "unknown" ? cost.nano / 1e9 : undefined,
  });
}

/** What went wrong: the code of the relay's own error, or the status. A client may leave when it likes. */
export function errorType({ error, status, ending }: Call): string | undefined {
  if (error !== undefined) return error;
  if (status >= 400) return String(status);
  return ending === "upstream_broke" ? ending : undefined;
}

function toServer({ hostname, port, protocol }: URL): Attributes {
  const usual = protocol === "http:" ? 80 : 443;
  return { "server.address": hostname, "server.port": Number(port) || usual };
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1e3;
}

function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

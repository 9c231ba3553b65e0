import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { printable } from "./answer.ts";
import type { Seen } from "./step.ts";

/** When a streamed answer came, in milliseconds since it was asked for. */
export type Rhythm = {
  slices: { ms: number; bytes: number }[];
  events: number;
  endMs: number;
};

/** Fewer say nothing about a rhythm. */
const enoughEvents = 10;

/** No model writes as fast: what comes faster had been lying somewhere. */
const eventsPerMs = 0.5;

/**
 * Whether a stream came as it was made: `held` came at once, after a wait; `lumps` came many events at a
 * time. An upstream on the same machine may answer faster than anybody can tell.
 */
export function judge({ slices, events, endMs }: Rhythm): "smooth" | "held" | "lumps" | "unknown" {
  const firstMs = slices[0]?.ms ?? endMs;
  if (events < enoughEvents || endMs < 300) return "unknown";
  const spreadMs = endMs - firstMs;
  if (firstMs > 0.9 * endMs && events > spreadMs * eventsPerMs) return "held";
  return events / slices.length > 8 ? "lumps" : "smooth";
}

type Around = Seen & { upstream: string };

/** Who is likely to hold a stream up, and what to do about it. */
export function suspect(headers: HeaderList, { interceptor, proxy, upstream }: Around): string {
  if (interceptor)
    return `${interceptor} is likely to buffer it: ask those who run it to leave text/event-stream alone.`;
  if (proxy)
    return `The proxy ${proxy} may open and buffer it: ask those who run it, or try --proxy off.`;
  const via = headerOf(headers, "via");
  if (via) return `${printable(via)} (Via) is likely to buffer it: turn its buffering off.`;
  const encoding = headerOf(headers, "content-encoding");
  if (encoding)
    return `It comes compressed (${printable(encoding)}): whoever compresses it collects it first.`;
  const server = headerOf(headers, "server");
  if (server && /nginx|openresty/i.test(server))
    return `${printable(server)} is likely to buffer it: set proxy_buffering off for this path.`;
  if (server) return `${printable(server)} (Server) may buffer it: turn its buffering off.`;
  return `Something at or before ${upstream} buffers it: a proxy, or the server itself.`;
}

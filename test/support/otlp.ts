import { once } from "node:events";
import { startUpstream, type Upstream } from "./upstream.ts";

type Value = { stringValue?: string; intValue?: number; doubleValue?: number; boolValue?: boolean };
type Attribute = { key: string; value: Value };

/** A span as OTLP over HTTP says it in JSON. */
export type ReceivedSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number; message?: string };
  events: { name: string; timeUnixNano: string }[];
  attributes: Record<string, unknown>;
};

type Exported = {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: (Omit<ReceivedSpan, "attributes"> & { attributes: Attribute[] })[] }[];
  }[];
};

export type Collector = Upstream & {
  readonly spans: ReceivedSpan[];
  readonly resource: Record<string, unknown>;
};

/** A collector of traces, as real ones take them. */
export async function startCollector(status = 200): Promise<Collector> {
  const upstream = await startUpstream((req, res) => {
    req.resume();
    once(req, "end").then(() =>
      res.writeHead(status, { "content-type": "application/json" }).end("{}"),
    );
  });
  const exports = () =>
    upstream.seen.flatMap(({ body }) => (JSON.parse(body.toString()) as Exported).resourceSpans);
  return Object.defineProperties(upstream, {
    spans: {
      get: () =>
        exports().flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map((span) => ({ ...span, attributes: toRecord(span.attributes) })),
          ),
        ),
    },
    resource: { get: () => toRecord(exports()[0]!.resource.attributes) },
  }) as Collector;
}

function toRecord(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

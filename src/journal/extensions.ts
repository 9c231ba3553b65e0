import { findEndpoint } from "../trace/endpoint.ts";
import type { Prices } from "../usage/prices.ts";
import type { Call } from "./call.ts";
import type { Questions } from "./journal.ts";
import type { Given } from "./words.ts";

/** What hears of calls in the thread, beside the journal. */
export type Extension = {
  /** A call has ended; `traceparent`: the header of its request. */
  ended?(call: Call, traceparent: string | undefined): void;
  /** Answers to questions of its own, by their names (see `Questions`). */
  answers?: Partial<Questions>;
  close?(): Promise<void>;
};

export type Surroundings = Given & { prices: Prices; say(line: string): void };

/** Each is loaded only where the settings ask for it. */
export async function loadExtensions(around: Surroundings): Promise<Extension[]> {
  const { config, prices, say } = around;
  const loaded: Extension[] = [];
  if (config.metrics) {
    const { createMetricsExtension } = await import("../metrics/extension.ts");
    loaded.push(createMetricsExtension(prices));
  }
  const { url, remark } = findEndpoint(config, process.env);
  if (remark) say(remark);
  if (url) {
    const { createTraces } = await import("../trace/traces.ts");
    loaded.push(createTraces({ url, upstream: config.upstream, say }));
  }
  return loaded;
}

import { AggregatorRegistry, Counter, Gauge, type PrometheusContentType } from "prom-client";
import { version } from "../version.ts";
import type { Families } from "./calls.ts";
import type { ProcessFigures } from "./process.ts";

/** What one process of a relay has to say at a scrape. */
export type Scraped = {
  process: ProcessFigures;
  /** Absent where no calls go through: in the primary of several. */
  relay?: RelayFigures;
  families?: Families;
};

/** What is open at this moment. */
export type RelayFigures = {
  answers: number;
  webSockets: number;
  /** Connections upstream; `undefined`: nothing is forwarded. */
  upstream: { idle: number; busy: number } | undefined;
  /** What the journal could not take. */
  lost: number;
};

/** The page in Prometheus' text format: of all processes of a relay together. */
export async function toExposition(all: readonly Scraped[]): Promise<string> {
  const counted = all.flatMap(({ families }) => (families ? [families] : []));
  const registry = AggregatorRegistry.aggregate<PrometheusContentType>(counted);
  const registers = [registry];
  const relays = all.flatMap(({ relay }) => (relay ? [relay] : []));
  const processes = all.map(({ process }) => process);
  const built = { version, node: process.version };

  for (const [name, help, value] of [...ofRelays(relays), ...ofProcesses(processes)]) {
    if (name.endsWith("_total")) new Counter({ name, help, registers }).inc(value);
    else new Gauge({ name, help, registers }).set(value);
  }
  const connections = new Gauge({
    name: "relay_upstream_connections",
    help: "Connections upstream that carry a request (busy) or wait for one (idle).",
    labelNames: ["state"],
    registers,
  });
  for (const state of ["busy", "idle"] as const)
    connections.set({ state }, sum(relays.map(({ upstream }) => upstream?.[state] ?? 0)));
  new Gauge({
    name: "relay_build_info",
    help: "Always 1; the labels say which relay runs, and on which Node.js.",
    labelNames: Object.keys(built),
    registers,
  }).set(built, 1);
  return registry.metrics();
}

type Figure = [name: string, help: string, value: number];

function ofRelays(relays: readonly RelayFigures[]): Figure[] {
  const total = (figure: "answers" | "webSockets" | "lost") =>
    sum(relays.map((relay) => relay[figure]));
  return [
    // The scrape itself is not among them.
    ["relay_requests_in_flight", "Requests that are being answered.", total("answers") - 1],
    ["relay_websockets_open", "WebSockets that are open.", total("webSockets")],
    [
      "relay_journal_lost_total",
      "How often the journal had no room for calls or bodies.",
      total("lost"),
    ],
  ];
}

function ofProcesses(processes: readonly ProcessFigures[]): Figure[] {
  const total = (figure: "cpuSeconds" | "residentBytes" | "heapBytes") =>
    sum(processes.map((process) => process[figure]));
  const since = Math.min(...processes.map(({ startedAt }) => startedAt)) / 1e3;
  const lags = (["mean", "p50", "p99", "max"] as const).map((name): Figure => {
    const help = `How late the event loop was since the last scrape, in the worst process (${name}).`;
    const worst = Math.max(...processes.map(({ lag }) => lag[name]));
    return [`nodejs_eventloop_lag_${name}_seconds`, help, worst];
  });
  return [
    ["relay_processes", "Processes that the relay consists of.", processes.length],
    ["process_start_time_seconds", "When the relay started, in seconds since 1970.", since],
    ["process_cpu_seconds_total", "CPU time that the relay took.", total("cpuSeconds")],
    ["process_resident_memory_bytes", "Memory that the relay occupies.", total("residentBytes")],
    ["nodejs_heap_size_used_bytes", "JavaScript heaps of the main threads.", total("heapBytes")],
    ...lags,
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

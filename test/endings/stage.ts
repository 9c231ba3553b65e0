import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Arbitrary } from "fast-check";
import { pino } from "pino";
import { expect } from "vitest";
import type { Exchange, Observer, Outcome } from "../../src/exchange.ts";
import { createRequestLog } from "../../src/observe/log.ts";
import { createCertificates } from "../support/certificates.ts";
import { startRelay } from "../support/relay.ts";
import { collect } from "./memory.ts";
import { watchSockets } from "./sockets.ts";

/** What is noted of everything that is played. */
export type Watched = {
  readonly id: number;
  readonly plan: { readonly tls: boolean };
  /** Connections of upstream that are at it. */
  serving: number;
  /** Exchanges that the relay began. */
  asked: number;
  outcomes: Outcome[];
  /** Lines of the log that are more than a note. */
  blamed: number;
};

/** How one kind of exchange is played, and what is expected of it. */
export type Play<Plan, Trace extends Watched> = {
  plans: Arbitrary<Plan>;
  create(id: number, plan: Plan): Trace;
  client(trace: Trace, port: number, ca: string): Promise<void>;
  upstream(connection: Duplex, raw: Socket, traceOf: (id: number) => Trace): void;
  /** Everything that must not be. */
  faultsOf(trace: Trace): string[];
  /** Milliseconds from the leaving of one side until the other one heard of it. */
  delayOf(trace: Trace): number | undefined;
};

export type Stage<Plan, Trace extends Watched> = Awaited<ReturnType<typeof openStage<Plan, Trace>>>;

/** Milliseconds after which whoever is still at it is stuck. */
export const stuckAfter = 5_000;

/** How many are played at a time. */
const width = 48;

/** Two relays, plain and over TLS on both ways, and the upstreams behind them. */
export async function openStage<Plan, Trace extends Watched>(play: Play<Plan, Trace>) {
  const certificates = createCertificates();
  const secureContext = createSecureContext(certificates);
  let traces = new Map<number, Trace>();
  /** Those of the run before: what a client wrote last may come when everything else is over. */
  let former = traces;
  let count = 0;

  const traceOf = (id: number) => traces.get(id) ?? former.get(id);
  const traceAt = (path: string) => traceOf(Number(path.slice("/v1/".length)));
  const upstreams = [
    await openUpstream((raw) => play.upstream(raw, raw, (id) => traceOf(id)!)),
    await openUpstream((raw) => {
      const options = { isServer: true, secureContext, allowHalfOpen: true };
      play.upstream(new TLSSocket(raw, options), raw, (id) => traceOf(id)!);
    }),
  ] as const;

  const begun: WeakRef<Exchange>[] = [];
  const watch: Observer = {
    asked(exchange) {
      // What breaks off within its head is told without a path.
      if (exchange.target === "-") return;
      begun.push(new WeakRef(exchange));
      traceAt(exchange.target)!.asked++;
    },
    ended(exchange, outcome) {
      if (exchange.target !== "-") traceAt(exchange.target)!.outcomes.push(outcome);
    },
  };
  const write = (line: string) => {
    traceAt(JSON.parse(line).path)!.blamed++;
  };

  const settings = { ca: certificates.caFile, ...certificates.settings };
  const watched = {
    observers: [watch, createRequestLog({ logger: pino({ level: "warn" }), lines: { write } })],
  };
  const relays = [
    await startRelay({ upstream: `http://127.0.0.1:${upstreams[0].port}`, ...settings }, watched),
    await startRelay({ upstream: `https://127.0.0.1:${upstreams[1].port}`, ...settings }, watched),
  ];
  const sockets = watchSockets();
  const left = () => ({
    connections: relays.reduce((sum, { port }) => sum + sockets.acceptedOn(port), 0),
    live: relays.reduce((sum, { live, tunnels }) => sum + live + tunnels, 0),
    serving: [...traces.values()].reduce((sum, { serving }) => sum + serving, 0),
  });

  return {
    sockets,
    /** Ports of the upstreams, plain and over TLS. */
    ports: upstreams.map(({ port }) => port),
    /** How many of all exchanges are still in memory. */
    async inMemory(): Promise<number> {
      // An error keeps whoever made it, and a trace its outcome with the error.
      traces.clear();
      former.clear();
      await collect();
      return begun.filter((exchange) => exchange.deref() !== undefined).length;
    },
    /** Plays all of `plans`, and waits until nobody is at it any more. */
    async run(plans: readonly Plan[]): Promise<Trace[]> {
      former = traces;
      traces = new Map();
      for (const plan of plans) traces.set(++count, play.create(count, plan));
      const waiting = traces.values();
      const lane = async () => {
        for (const trace of waiting)
          await play.client(trace, relays[Number(trace.plan.tls)]!.port, certificates.ca);
      };
      await Promise.all(Array.from({ length: width }, lane));
      const nothing = { connections: 0, live: 0, serving: 0 };
      await expect.poll(left, { interval: 5, timeout: stuckAfter }).toEqual(nothing);
      for (const relay of relays)
        for (const _ of relay.outcomes.splice(0)) await relay.nextOutcome();
      return [...traces.values()];
    },
    async [Symbol.asyncDispose]() {
      sockets[Symbol.dispose]();
      for (const relay of relays) await relay[Symbol.asyncDispose]();
      for (const { server } of upstreams) server.close();
      certificates[Symbol.dispose]();
    },
  };
}

async function openUpstream(accept: (raw: Socket) => void) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    raw.on("error", () => {});
    accept(raw);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

import { startRelay, testKey } from "../support/relay.ts";
import type { Case } from "./case.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { exchange, type Recording } from "./exchange.ts";
import { type Expected, expectedOf } from "./expected.ts";
import type { Rules } from "./expected-lines.ts";
import { tunnel } from "./tunnel.ts";
import { startInstrumentedUpstream, type Upstream } from "./upstream.ts";

/** The key that admin operations get. */
export const adminKey = "sk-test-admin-key";

/** How long an exchange may take before it counts as stuck: it is milliseconds, on a busy machine too. */
export const patienceMs = 10_000;

/** For a test of some exchanges, of which one gets stuck. */
export const testMs = 40_000;

export type Contract = AsyncDisposable & {
  upstream: Upstream;
  /** The relay's. */
  port: number;
  /** The rules of the table that have changed something so far. */
  met: Rules;
  /** Sends a case straight to the upstream and through the relay, and says what differs. */
  differences(sent: Case): Promise<Difference[]>;
};

/** An instrumented upstream with a relay before it. */
export async function startContract(): Promise<Contract> {
  const upstream = await startInstrumentedUpstream();
  const relay = await startRelay(
    { upstream: `http://127.0.0.1:${upstream.port}` },
    { env: { OPENAI_ADMIN_KEY: adminKey } },
  );
  const met: Rules = new Set();
  return {
    upstream,
    port: relay.port,
    met,
    async differences(sent) {
      const baseline = await baselineOf(sent, upstream, met);
      return differencesFrom(baseline, upstream, relay.port, patienceMs);
    },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** What a case is without the relay, and what it is to be with it. */
export type Baseline = { sent: Case; direct: Recording; expected: Expected };

export async function baselineOf(sent: Case, upstream: Upstream, met: Rules): Promise<Baseline> {
  const direct = await carry(sent, upstream, upstream.port, patienceMs);
  if (direct.ended === "nothing moved any more")
    throw new Error(`${sent.name} gets stuck by itself`);
  const key = sent.admin ? adminKey : testKey;
  const expected = expectedOf(sent.ask, direct, key, met);
  return { sent, direct, expected };
}

export async function differencesFrom(
  { sent, direct, expected }: Baseline,
  upstream: Upstream,
  port: number,
  patience: number,
): Promise<Difference[]> {
  const relayed = await carry(sent, upstream, port, patience);
  return differencesOf(sent, direct, expected, relayed);
}

function carry(sent: Case, upstream: Upstream, port: number, patience: number) {
  const isTunnel = sent.answers[0]?.status === 101;
  return (isTunnel ? tunnel : exchange)(upstream, port, sent, patience);
}

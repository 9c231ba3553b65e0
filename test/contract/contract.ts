import type { Case } from "../../src/conformance/case.ts";
import { baselineOf, differencesFrom, patienceMs } from "../../src/conformance/compare.ts";
import type { Difference } from "../../src/conformance/differences.ts";
import { type Rules, type Terms, usualTerms } from "../../src/conformance/terms.ts";
import { startInstrumentedUpstream, type Upstream } from "../../src/conformance/upstream.ts";
import { startRelay, testKey } from "../support/relay.ts";

/** The key that admin operations get. */
export const adminKey = "sk-test-admin-key";

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
      const baseline = await baselineOf(sent, upstream, termsOf(sent, met));
      return differencesFrom(baseline, upstream, relay.port, patienceMs);
    },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** What a test relay is to do with a case. */
export function termsOf({ admin }: Case, met?: Rules): Terms {
  return usualTerms(admin ? adminKey : testKey, met);
}

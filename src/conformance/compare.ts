import type { Case } from "./case.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { exchange, type Recording } from "./exchange.ts";
import { type Expected, expectedOf } from "./expected.ts";
import type { Terms } from "./terms.ts";
import { tunnel } from "./tunnel.ts";
import type { Upstream } from "./upstream.ts";

/** How long an exchange may take before it counts as stuck: it is milliseconds, on a busy machine too. */
export const patienceMs = 10_000;

/** What a case is without the relay, and what it is to be with it. */
export type Baseline = { sent: Case; direct: Recording; expected: Expected };

/** Sends a case straight to the upstream. */
export async function baselineOf(sent: Case, upstream: Upstream, terms: Terms): Promise<Baseline> {
  const direct = await carry(sent, upstream, upstream.port, patienceMs);
  if (direct.ended === "nothing moved any more")
    throw new Error(`${sent.name} gets stuck by itself`);
  return { sent, direct, expected: expectedOf(sent.ask, direct, terms) };
}

/** Sends it through the relay on that port, and says what differs. */
export async function differencesFrom(
  { sent, direct, expected }: Baseline,
  upstream: Upstream,
  port: number,
  patience: number,
): Promise<Difference[]> {
  const relayed = await carry(sent, upstream, port, patience);
  return differencesOf(sent, direct, expected, relayed);
}

/** Sends a case to a port, and writes down what both ends see of it. */
export function carry(
  sent: Case,
  upstream: Upstream,
  port: number,
  patience: number,
): Promise<Recording> {
  const isTunnel = sent.answers[0]?.status === 101;
  return (isTunnel ? tunnel : exchange)(upstream, port, sent, patience);
}

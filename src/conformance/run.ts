import type { Loaded } from "../config/load.ts";
import { startRelay } from "../relay.ts";
import type { Case } from "./case.ts";
import { baselineOf, carry } from "./compare.ts";
import { type Difference, differencesOf } from "./differences.ts";
import type { Recording } from "./exchange.ts";
import { more, needed, operationCount } from "./plan.ts";
import { mayRefuse, refusedBy } from "./refusals.ts";
import { toTried } from "./tried.ts";
import { startInstrumentedUpstream } from "./upstream.ts";

/** An exchange that came through the relay otherwise than it may. */
export type Bend = { name: string; differences: Difference[] };

/** What came of trying a set-up. */
export type Findings = {
  operations: number;
  /** Exchanges, each of which was sent straight and through the relay. */
  exchanges: number;
  bends: Bend[];
  /** The settings that had a say, each with the number of exchanges. */
  changed: Map<string, number>;
  /** The settings that turned requests away, each with the names of the exchanges. */
  refused: Map<string, string[]>;
};

type Watch = { signal: AbortSignal; progress(findings: Findings, most: number): void };

/** When no other bodies are tried any more. */
const enoughMs = 12_000;
/** When the relay has fallen short so often that more of it tells nothing new. */
const enoughBends = 20;
/** How long an exchange through the relay may take; it is milliseconds. */
const patienceMs = 3_000;

/** Sends exchanges of every kind to an upstream of its own, straight and through a relay with these settings. */
export async function tryConformance(
  { config, origins }: Pick<Loaded, "config" | "origins">,
  env: NodeJS.ProcessEnv,
  { signal, progress }: Watch,
): Promise<Findings> {
  await using upstream = await startInstrumentedUpstream();
  const tried = toTried(config, env, upstream.port);
  const relay = await startRelay(tried.config, [], tried.env);
  const chosen = new Set(Object.keys(origins).filter((path) => origins[path] !== "default"));
  const isRefusing = mayRefuse(chosen);

  const findings: Findings = {
    ...{ operations: operationCount, exchanges: 0, bends: [] },
    ...{ changed: new Map(), refused: new Map() },
  };
  const startedAt = performance.now();
  try {
    for (const sent of needed) {
      if (signal.aborted || findings.bends.length >= enoughBends) break;
      await send(sent);
    }
    for (const sent of more) {
      if (signal.aborted || findings.bends.length >= enoughBends) break;
      if (performance.now() - startedAt > enoughMs) break;
      await send(sent);
    }
  } finally {
    await relay.cut();
    await relay.stop();
  }
  return findings;

  async function send(original: Case): Promise<void> {
    const sent = tried.fit(original);
    if (!sent) return;
    const terms = { key: tried.keyOf(sent), wishes: tried.wishes, met: new Set<never>() };
    const by = new Set<string>();
    const { direct, expected } = await baselineOf(sent, upstream, { ...terms, by });
    const relayed = await carry(sent, upstream, relay.server.port, patienceMs);
    findings.exchanges++;
    const setting = refusedBy(relayed, chosen);
    if (setting !== undefined) {
      const names = findings.refused.get(setting) ?? [];
      findings.refused.set(setting, [...names, sent.name]);
    } else {
      for (const name of by) findings.changed.set(name, (findings.changed.get(name) ?? 0) + 1);
      const differences = differencesOf(sent, direct, expected, relayed).filter(isBend(relayed));
      if (differences.length > 0) findings.bends.push({ name: sent.name, differences });
    }
    progress(findings, needed.length + more.length);
  }

  /** A setting may refuse the request that looks whether a connection still works. */
  function isBend({ next }: Recording) {
    return ({ where }: Difference) =>
      !(isRefusing && where === "connection" && next === "refused by the relay");
  }
}

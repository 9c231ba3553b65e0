import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Baseline,
  baselineOf,
  differencesFrom,
  patienceMs,
} from "../../src/conformance/compare.ts";
import { corners } from "../../src/conformance/corners.ts";
import type { Difference } from "../../src/conformance/differences.ts";
import { report } from "../../src/conformance/report.ts";
import { startInstrumentedUpstream, type Upstream } from "../../src/conformance/upstream.ts";
import { answerBends } from "./bends/answer.ts";
import { answerLineBends } from "./bends/answer-lines.ts";
import type { Bend } from "./bends/bend.ts";
import { bodyBends } from "./bends/body.ts";
import { lineBends } from "./bends/lines.ts";
import { startBentRelay } from "./bends/relay.ts";
import { streamBends } from "./bends/stream.ts";
import { targetBends } from "./bends/target.ts";
import { tunnelBends } from "./bends/tunnel.ts";
import { termsOf, testMs } from "./contract.ts";

// The contract test's own teeth: relays that fall short of the contract, each in one way.

const bends = [
  ...[...lineBends, ...targetBends, ...bodyBends],
  ...[...answerBends, ...answerLineBends, ...streamBends, ...tunnelBends],
];

/** Long enough for any answer, short enough for bends that make one wait for ever. */
const stuckMs = 300;

let upstream: Upstream;
let baselines: Baseline[];
beforeAll(async () => {
  upstream = await startInstrumentedUpstream();
  baselines = [];
  for (const sent of corners) baselines.push(await baselineOf(sent, upstream, termsOf(sent)));
});
afterAll(() => upstream[Symbol.asyncDispose]());

test("there are at least 40 bends, all of them different", () => {
  expect(new Set(bends.map(({ name }) => name)).size).toBe(bends.length);
  expect(bends.length).toBeGreaterThanOrEqual(40);
});

test(
  "a relay without a bend shows no difference",
  async () => {
    await using relay = await startBentRelay({ name: "none" }, upstream.port);

    const found: Difference[] = [];
    for (const baseline of baselines)
      found.push(...(await differencesFrom(baseline, upstream, relay.port, patienceMs)));

    expect(report(found)).toBe("");
  },
  testMs,
);

test.each(bends)(
  "$name",
  async (bend) => {
    await using relay = await startBentRelay(bend, upstream.port);

    expect(await firstSign(bend, relay.port)).toBeDefined();
  },
  testMs,
);

/** The case that gives a bend away, and how. */
async function firstSign(bend: Bend, port: number) {
  // The likely ones first: the others need not be tried.
  const likely = bend.upgrade ? "/" : bend.shows.startsWith("request") ? "request:" : "answer:";
  const isLikely = ({ sent }: Baseline) => Number(sent.name.startsWith(likely));
  for (const baseline of baselines.toSorted((a, b) => isLikely(b) - isLikely(a))) {
    const found = await differencesFrom(baseline, upstream, port, stuckMs);
    const sign = found.find(({ where }) => where === bend.shows);
    if (sign) return { in: baseline.sent.name, ...sign };
  }
  return undefined;
}

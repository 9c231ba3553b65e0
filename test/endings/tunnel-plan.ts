import fc from "fast-check";
import { cutAt, oneIn, pieces } from "./plan.ts";

/** One WebSocket as both of its ends are to play it; to the relay its bytes are just bytes. */
export type TunnelPlan = {
  /** What becomes of the handshake: where upstream stops, as a part of its 101, and how. */
  handshake: "switched" | "refused" | { at: number; how: "end" | "reset" | "silence" };
  client: SidePlan;
  upstream: SidePlan;
  /** Milliseconds after which the client is gone, whatever there is. */
  leavesIn: number | null;
  tls: boolean;
};

export type SidePlan = {
  pieces: { bytes: number; ms: number }[];
  /** What it does when it has said all: `waits` ends when the other one has. */
  last: "waits" | "end" | "destroy" | "reset";
};

const side = (lasts: SidePlan["last"][]): fc.Arbitrary<SidePlan> =>
  fc.record({ pieces, last: fc.constantFrom(...lasts) });

const anyEnd: SidePlan["last"][] = ["end", "destroy", "reset"];

export const tunnelPlans: fc.Arbitrary<TunnelPlan> = fc
  .record({
    handshake: fc.oneof(
      { weight: 8, arbitrary: fc.constant("switched" as const) },
      { weight: 1, arbitrary: fc.constant("refused" as const) },
      {
        weight: 2,
        arbitrary: fc.record({
          at: cutAt,
          how: fc.constantFrom("end" as const, "reset" as const, "silence" as const),
        }),
      },
    ),
    client: side(["waits", ...anyEnd]),
    upstream: side(["waits", ...anyEnd]),
    leavesIn: fc.option(fc.nat(20), { freq: 3 }),
    tls: oneIn(24),
  })
  // Somebody has to make an end.
  .map((plan) => {
    const isSilent = typeof plan.handshake === "object" && plan.handshake.how === "silence";
    const bothWait = plan.client.last === "waits" && plan.upstream.last === "waits";
    return { ...plan, leavesIn: isSilent || bothWait ? (plan.leavesIn ?? 20) : plan.leavesIn };
  });

import fc from "fast-check";
import { expect, test } from "vitest";
import { playClient } from "./client.ts";
import { faultsOf } from "./judge.ts";
import { collect, resources } from "./memory.ts";
import { type Plan, plans } from "./plan.ts";
import { openStage, type Play, type Stage, type Watched } from "./stage.ts";
import { createTrace, type Trace } from "./trace.ts";
import { createTunnel, playTunnelClient, playTunnelUpstream, type Tunnel } from "./tunnel.ts";
import { delayOf, tunnelFaultsOf } from "./tunnel-judge.ts";
import { type TunnelPlan, tunnelPlans } from "./tunnel-plan.ts";
import { playUpstream } from "./upstream.ts";

// Whoever leaves, whenever and however, at the same time as 47 others.
// `ENDINGS=100000 ENDINGS_SEED=1 npx vitest run test/endings/endings.test.ts` for a long night.

const total = Number(process.env.ENDINGS ?? 10_000);
const seed = Number(process.env.ENDINGS_SEED ?? Date.now() % 1_000_000_000);
const batch = 500;
/** Connections to each upstream at the end. */
const pooled = 20;
const timeout = 60_000 + total * 20;

const exchanges: Play<Plan, Trace> = {
  plans,
  create: createTrace,
  client: playClient,
  upstream: playUpstream,
  faultsOf,
  delayOf: ({ heardAfter }) => heardAfter,
};
const tunnels: Play<TunnelPlan, Tunnel> = {
  plans: tunnelPlans,
  create: createTunnel,
  client: playTunnelClient,
  upstream: playTunnelUpstream,
  faultsOf: tunnelFaultsOf,
  delayOf,
};

test("each exchange ends truly for all who are in it, and leaves nothing", {
  timeout,
}, async () => {
  await prove(exchanges, total * 0.8, async ({ run, sockets, ports }) => {
    // What is open towards upstream is in the pool, and serves.
    const each = Array.from({ length: 2 * pooled }, (_, i) => calm(i % 2 === 1));
    await run(each);
    const ever = ports.map(sockets.everOn);
    for (const trace of await run(each)) expect(faultsOf(trace)).toEqual([]);
    expect(ports.map(sockets.everOn)).toEqual(ever);
    expect(ports.map(sockets.acceptedOn)).toEqual([pooled, pooled]);
    expect(new Set(sockets.listenersTo(ports[0]!)).size).toBe(1);
  });
});

test("each WebSocket ends truly for both sides, and leaves nothing", { timeout }, async () => {
  await prove(tunnels, total * 0.2, async ({ sockets, ports }) => {
    expect(ports.map(sockets.acceptedOn)).toEqual([0, 0]);
  });
});

/** Plays so many exchanges, looks at what became of them and at what is left; `then` looks closer. */
async function prove<P, T extends Watched>(
  play: Play<P, T>,
  runs: number,
  then: (stage: Stage<P, T>) => Promise<void>,
): Promise<void> {
  const before = resources();
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  {
    await using stage = await openStage(play);

    const { faults, p50, p90, p99, max, growth } = await playAll(play, stage, runs);

    const heard = `p50 ${p50}, p90 ${p90}, p99 ${p99}, at most ${max} ms`;
    console.log(`${runs} played with seed ${seed}; leaving was heard of in ${heard}`);
    expect(faults).toEqual([]);
    // The whole test is one busy process: only the slowest tenth may have to wait for it.
    expect(p90).toBeLessThan(100);
    expect(max).toBeLessThan(1_000);
    expect(growth).toBeLessThan(8 * 2 ** 20);
    expect(await stage.inMemory()).toBeLessThan(20);
    await then(stage);
  }
  process.off("warning", warned);
  expect(warnings).toEqual([]);
  await expect.poll(resources).toEqual(before);
}

async function playAll<P, T extends Watched>(play: Play<P, T>, stage: Stage<P, T>, runs: number) {
  const faults: string[] = [];
  const delays: number[] = [];
  let heap = 0;
  for (let done = 0; done < runs; done += batch) {
    const numRuns = Math.min(batch, runs - done);
    for (const trace of await stage.run(fc.sample(play.plans, { seed: seed + done, numRuns }))) {
      for (const fault of play.faultsOf(trace))
        faults.push(`${fault}: ${JSON.stringify(trace.plan)}`);
      const delay = play.delayOf(trace);
      if (delay !== undefined) delays.push(Math.round(delay * 10) / 10);
    }
    if (done === 0) heap = await collect();
  }
  delays.sort((a, b) => a - b);
  const at = (part: number) => delays[Math.floor(part * (delays.length - 1))]!;
  const growth = (await collect()) - heap;
  return { faults, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), growth };
}

/** Nobody leaves, and it takes so long that all of them need a connection of their own. */
function calm(tls: boolean): Plan {
  return {
    request: { version: "1.1", method: "POST", framing: "length", bodyBytes: 10 },
    answer: { framing: "chunked", pieces: [{ bytes: 10, ms: 500 }], cut: null },
    client: { leaves: "never", how: "destroy", isDeaf: false },
    tls,
  };
}

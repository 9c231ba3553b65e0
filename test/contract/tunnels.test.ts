import { afterAll, beforeAll, expect, test } from "vitest";
import { createDice, seedOf } from "../../src/conformance/dice.ts";
import { operations } from "../../src/conformance/operations.ts";
import { report } from "../../src/conformance/report.ts";
import {
  createRefusedCase,
  createTunnelCase,
  endings,
  offerNames,
} from "../../src/conformance/tunnels.ts";
import { type Contract, startContract, testMs } from "./contract.ts";
import { seed } from "./seed.ts";

const paths = operations.filter(({ stream }) => stream === "websocket").map(({ path }) => path);

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

const cases = paths.flatMap((path) => [
  ...endings.flatMap((ending) =>
    offerNames.map((offer) => {
      const dice = createDice(seedOf(seed, `${path}${offer}${ending}`));
      return createTunnelCase(path, offer, ending, dice);
    }),
  ),
  ...[401, 404, 426].map((status) => createRefusedCase(path, status)),
]);

test.each(cases)(
  "$name",
  async (sent) => {
    expect(report(await contract.differences(sent)), `CONTRACT_SEED=${seed}`).toBe("");
  },
  testMs,
);

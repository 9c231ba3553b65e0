import { afterAll, beforeAll, expect, test } from "vitest";
import { type Contract, startContract, testMs } from "./contract.ts";
import { createDice, seedOf } from "./dice.ts";
import { operations, seed } from "./operations.ts";
import { report } from "./report.ts";
import { createRefusedCase, createTunnelCase, endings, offerNames } from "./tunnels.ts";

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

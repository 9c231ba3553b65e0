import { afterAll, beforeAll, expect, test } from "vitest";
import { createCase } from "../../src/conformance/cases.ts";
import { createDice, seedOf } from "../../src/conformance/dice.ts";
import { operations } from "../../src/conformance/operations.ts";
import { report } from "../../src/conformance/report.ts";
import { type Contract, startContract, testMs } from "./contract.ts";
import { seed } from "./seed.ts";

/** How often each operation is tried, with other bodies each time. */
const rounds = Number(process.env.CONTRACT_ROUNDS ?? 3);

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

test.each(operations)(
  "$method $path",
  async (operation) => {
    for (let round = 0; round < rounds; round++) {
      const name = `${operation.method} ${operation.path} ${round}`;
      const sent = createCase(operation, createDice(seedOf(seed, name)));

      expect(report(await contract.differences(sent)), `CONTRACT_SEED=${seed}, ${name}`).toBe("");
    }
  },
  testMs,
);

import { afterAll, beforeAll, expect, test } from "vitest";
import { allowed } from "../../src/conformance/allowed.ts";
import { corners } from "../../src/conformance/corners.ts";
import { report } from "../../src/conformance/report.ts";
import { type Contract, startContract, testMs } from "./contract.ts";

let contract: Contract;
beforeAll(async () => {
  contract = await startContract();
});
afterAll(() => contract[Symbol.asyncDispose]());

test.each(corners)(
  "$name",
  async (sent) => {
    expect(report(await contract.differences(sent))).toBe("");
  },
  testMs,
);

test("every row of the table is met, so that none allows what never happens", () => {
  const missed = allowed.filter((rule) => !contract.met.has(rule));

  expect(missed.map(({ what }) => what)).toEqual([]);
});

import { readFileSync } from "node:fs";
import type { Operation } from "./cases.ts";

/** The operations of the OpenAI API that are known. */
export const operations: Operation[] = JSON.parse(
  readFileSync(new URL("../data/operations.json", import.meta.url), "utf8"),
);

/** What all cases are thrown with; set CONTRACT_SEED to have the same ones again. */
export const seed = Number(process.env.CONTRACT_SEED ?? Date.now() % 1_000_000);

console.log(`CONTRACT_SEED=${seed}`);

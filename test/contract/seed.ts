/** What all cases are thrown with; set CONTRACT_SEED to have the same ones again. */
export const seed = Number(process.env.CONTRACT_SEED ?? Date.now() % 1_000_000);

console.log(`CONTRACT_SEED=${seed}`);

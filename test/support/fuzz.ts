import fc from "fast-check";

/** How many properties share the time of a long run. */
const properties = 12;

const minutes = Number(process.env.FUZZ_MINUTES ?? 0);

/** Seconds for each property: few in CI. */
export const seconds = minutes > 0 ? Math.ceil((minutes * 60) / properties) : 1.5;

/** For vitest: the time of a property, and some for its beginning and end. */
export const limits = { timeout: seconds * 1_000 + 20_000 };

const seed = Number(process.env.FUZZ_SEED ?? 8484);

/** Looks for something for which `check` throws, until the time is over. */
export async function fuzz<T>(
  what: fc.Arbitrary<T>,
  check: (value: T) => Promise<void> | void,
): Promise<void> {
  let runs = 0;
  const property = fc.asyncProperty(what, async (value) => {
    runs++;
    await check(value);
  });
  const interruptAfterTimeLimit = seconds * 1_000;
  await fc.assert(property, { seed, numRuns: 1e9, interruptAfterTimeLimit });
  if (runs < 3) throw new Error(`too slow: only ${runs} runs`);
}

/** Any byte, those that matter to some parser far more often than others. */
const byte = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...`/?#%.:;,="'\\{}[]()<>@&*~ \t\r\n\0-_`) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }).map((b) => String.fromCharCode(b)) },
  { weight: 6, arbitrary: fc.constantFrom(..."abcxyzABC0189") },
);

/** Texts in latin-1, made of the pieces and of whatever. */
export function textOf(...pieces: string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(byte, fc.constantFrom(...pieces));
  return fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(""));
}

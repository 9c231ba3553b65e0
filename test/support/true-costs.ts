/** Dollars for a million tokens, as text: input, input from the cache, output. */
const dollars = {
  "gpt-round": ["2.5", "1.25", "10"],
  "gpt-round (flex)": ["1.25", "0.625", "5"],
  "gpt-odd": ["0.15", "0.07", "0.6"],
  "gpt-thirds": ["0.033", "0.007", "0.1"],
  "gpt-halves": ["0.0375", "0.0125", "0.0625"],
  "gpt-nobody": undefined,
} as const;

export const models = ["gpt-round", "gpt-odd", "gpt-thirds", "gpt-halves", "gpt-nobody"] as const;

export type Counts = {
  model: (typeof models)[number];
  isFlex: boolean;
  input: number;
  cached: number;
  output: number;
};

/** What there is to say of a call; without `state` it is none that could cost anything. */
export type Truth = {
  state?: "known" | "partial" | "unknown";
  nano: bigint;
  input: number;
  output: number;
};

/** Dollars for a minute. */
export const minute = "0.0075";

/** The price table for the setting `prices`. */
export const prices = {
  date: "2026-01-31",
  builtIn: false,
  models: {
    "gpt-round": { ...toPrice("gpt-round"), tiers: { flex: toPrice("gpt-round (flex)") } },
    "gpt-odd": toPrice("gpt-odd"),
    "gpt-thirds": toPrice("gpt-thirds"),
    "gpt-halves": toPrice("gpt-halves"),
    "gpt-by-the-minute": { minute: Number(minute) },
  },
};

function toPrice(name: Exclude<keyof typeof dollars, "gpt-nobody">) {
  const [input, cachedInput, output] = dollars[name].map(Number);
  return { input, cachedInput, output };
}

/** By hand: in whole numbers, and with nothing of the relay's. */
export function truthOf(state: NonNullable<Truth["state"]>, counts: Counts): Truth {
  const { model, isFlex, input, cached, output } = counts;
  if (state === "unknown") return { state, nano: 0n, input: 0, output: 0 };
  const isDearer = isFlex && model !== "gpt-round";
  const price = dollars[isFlex && model === "gpt-round" ? "gpt-round (flex)" : model];
  if (!price || isDearer) return { state: "unknown", nano: 0n, input, output };
  const amounts = [input - cached, cached, output];
  const pico = amounts.reduce((sum, count, i) => sum + BigInt(count) * toPico(price[i]!), 0n);
  return { state, nano: rounded(pico, 1_000n), input, output };
}

export function truthOfSeconds(seconds: number): Truth {
  const nano = rounded(BigInt(seconds) * toPico(minute) * 1_000n, 60n);
  return { state: "known", nano, input: 0, output: 0 };
}

/** A dollar for a million tokens is a million pico-dollars for one. */
function toPico(text: string): bigint {
  const [whole, rest = ""] = text.split(".");
  return BigInt(whole + rest.padEnd(6, "0"));
}

function rounded(count: bigint, of: bigint): bigint {
  return (count + of / 2n) / of;
}

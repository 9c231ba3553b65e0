import { type Price, type Prices, priceOf } from "./prices.ts";
import type { Cost, Usage } from "./usage.ts";

/** What a call costs in tokens. `partial`: that, and something else. `unknown`: nobody told what it used, or the model has no price. */
export function costOf(
  model: string | undefined,
  usage: Usage,
  tier: string | undefined,
  prices: Prices,
): Cost {
  if (usage.state === "unknown") return { state: "unknown", nano: 0 };
  const parts = partsOf(usage).filter(({ count }) => count > 0);
  if (parts.length === 0) return { state: usage.hasFees ? "partial" : usage.state, nano: 0 };
  const price = model === undefined ? undefined : priceOf(model, tier, prices, usage.input);
  if (price === undefined) return { state: "unknown", nano: 0 };

  const known = parts.filter(({ kind }) => price[kind] !== undefined);
  if (known.length === 0) return { state: "unknown", nano: 0 };
  // In whole numbers: a half must not become a little less.
  const pico = known.reduce(
    (sum, { kind, count }) => sum + count * Math.round(price[kind]! * perUnit(kind)),
    0,
  );
  const isWhole = known.length === parts.length && usage.state === "known" && !usage.hasFees;
  return { state: isWhole ? "known" : "partial", nano: Math.round(pico / 1e3) };
}

type Part = { kind: keyof Price; count: number };

/** What is billed, each token once: counts that stand in others are taken out of them. */
function partsOf(usage: Usage): Part[] {
  const { input = 0, cachedInput = 0, output = 0 } = usage;
  const { audioInput = 0, cachedAudioInput = 0, audioOutput = 0 } = usage;
  const { imageInput = 0, cachedImageInput = 0, imageOutput = 0, seconds = 0 } = usage;
  const cachedText = cachedInput - cachedAudioInput - cachedImageInput;
  return [
    { kind: "input", count: input - cachedText - audioInput - imageInput },
    { kind: "cachedInput", count: cachedText },
    { kind: "output", count: output - audioOutput - imageOutput },
    { kind: "audioInput", count: audioInput - cachedAudioInput },
    { kind: "cachedAudioInput", count: cachedAudioInput },
    { kind: "audioOutput", count: audioOutput },
    { kind: "imageInput", count: imageInput - cachedImageInput },
    { kind: "cachedImageInput", count: cachedImageInput },
    { kind: "imageOutput", count: imageOutput },
    { kind: "minute", count: seconds / 60 },
  ];
}

/** Trillionths of a dollar for one of what is counted, at a price of one dollar a million tokens, or a minute. */
function perUnit(kind: keyof Price): number {
  return kind === "minute" ? 1e12 : 1e6;
}

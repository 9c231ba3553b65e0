import type { Fields } from "../exchange.ts";
import { type Price, type Prices, priceOf } from "../usage/prices.ts";

/** Sound and speech: tokens of input for a minute, and of output for one of text. */
const tokensOfMinute = 600;
const speechOfText = 4;

/** How many times as much a call may cost whose input is longer than its prices hold for. */
const beyond = 2;

/** More than any amount of money there is. */
const priceless = Number.MAX_SAFE_INTEGER;

/**
 * What a call may cost at most, in billionths of a dollar; `undefined`: its model has no price. `path` is
 * comparable; `usualOutput`: tokens that are reserved for who asks for no limit.
 */
export function estimateOf(
  { model, maxOutputTokens, size }: Fields,
  path: string,
  usualOutput: number,
  prices: Prices,
): number | undefined {
  const { inputTokens = 0, choices = 1 } = size ?? {};
  const price = model === undefined ? undefined : priceAsked(model, size?.tier, prices);
  if (model === undefined || !price) return undefined;
  const isBeyond = priceOf(model, undefined, prices, inputTokens) === undefined;
  const limit = path === "/audio/speech" ? inputTokens * speechOfText : maxOutputTokens;
  // What is no number is refused upstream, or no limit there.
  const output = Math.max(0, limit === undefined || limit === Infinity ? usualOutput : limit);
  const nano =
    dearest(price.input, price.audioInput, price.imageInput) * inputTokens * 1e3 +
    times(dearest(price.output, price.audioOutput, price.imageOutput) * 1e3, output * choices) +
    ((price.minute ?? 0) * 1e9 * inputTokens) / tokensOfMinute;
  const dearer = isBeyond ? nano * beyond : nano;
  return dearer <= priceless ? Math.ceil(dearer) : priceless;
}

/** Only a dearer tier counts: a request may be served in another one than it asks for. */
function priceAsked(model: string, tier: string | undefined, prices: Prices): Price | undefined {
  const usual = priceOf(model, undefined, prices);
  return tier === "priority" ? (priceOf(model, tier, prices) ?? usual) : usual;
}

function dearest(...prices: (number | undefined)[]): number {
  return Math.max(0, ...prices.map((price) => price ?? 0));
}

/** Nothing times infinitely many is nothing: an operation without output may be asked for any of it. */
function times(price: number, amount: number): number {
  return price === 0 ? 0 : price * amount;
}

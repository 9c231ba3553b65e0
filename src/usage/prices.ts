/** US dollars for a million tokens of a kind, or for a minute of audio. */
export type Price = {
  input?: number;
  cachedInput?: number;
  output?: number;
  audioInput?: number;
  cachedAudioInput?: number;
  audioOutput?: number;
  imageInput?: number;
  cachedImageInput?: number;
  imageOutput?: number;
  minute?: number;
};

/** A model's prices, and in `tiers` what it costs where it is served otherwise. */
export type Listed = Price & {
  /** Tokens of input up to which the prices hold. */
  longest?: number;
  tiers?: Record<string, Price>;
};

/** What models cost, by name. */
export type Prices = {
  /** The day on which they were right. */
  date: string;
  note?: string;
  models: Record<string, Listed>;
};

/**
 * What a model costs in a tier; a dated snapshot costs what the model without the date does.
 * `input`: tokens, of which too many have another price.
 */
export function priceOf(
  model: string,
  tier: string | undefined,
  { models }: Prices,
  input = 0,
): Price | undefined {
  const undated = model.replace(/-\d{4}-\d{2}-\d{2}$/, "");
  const name = [model, undated].find((one) => Object.hasOwn(models, one));
  if (name === undefined) return undefined;
  const { tiers, longest = Number.POSITIVE_INFINITY, ...price } = models[name]!;
  if (input > longest) return undefined;
  if (tier === undefined || tier === "default" || tier === "auto") return price;
  return tiers && Object.hasOwn(tiers, tier) ? tiers[tier] : undefined;
}

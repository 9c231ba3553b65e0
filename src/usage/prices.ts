/** US dollars for a million tokens of a kind, or for a minute of audio. */
export type Price = {
  input?: number;
  cachedInput?: number;
  output?: number;
  audioInput?: number;
  cachedAudioInput?: number;
  audioOutput?: number;
  imageInput?: number;
  imageOutput?: number;
  minute?: number;
};

/** What models cost, by name; in `tiers` what differs where a call is served otherwise. */
export type Prices = {
  /** The day on which they were right. */
  date: string;
  note?: string;
  models: Record<string, Price & { tiers?: Record<string, Price> }>;
};

/** What a model costs in a tier; a dated snapshot costs what the model without the date does. */
export function priceOf(
  model: string,
  tier: string | undefined,
  { models }: Prices,
): Price | undefined {
  const undated = model.replace(/-\d{4}-\d{2}-\d{2}$/, "");
  const name = [model, undated].find((one) => Object.hasOwn(models, one));
  if (name === undefined) return undefined;
  const { tiers, ...price } = models[name]!;
  if (tier === undefined || tier === "default" || tier === "auto") return price;
  return tiers && Object.hasOwn(tiers, tier) ? tiers[tier] : undefined;
}

/** How sure a figure is: of a `partial` one something is missing, an `unknown` one is nobody's zero. */
export type Certainty = "known" | "partial" | "unknown";

/**
 * What a call used, as OpenAI counts it. Tokens that stand in two counts are in both, as in OpenAI's
 * answers: `cachedInput` is part of `input`, `reasoning` part of `output`.
 */
export type Usage = {
  state: Certainty;
  input?: number;
  /** Read from the prompt cache. */
  cachedInput?: number;
  output?: number;
  reasoning?: number;
  audioInput?: number;
  audioOutput?: number;
  /** Of the audio input, what came from the cache. */
  cachedAudioInput?: number;
  imageInput?: number;
  /** Of the image input, what came from the cache. */
  cachedImageInput?: number;
  imageOutput?: number;
  /** Of audio that is billed by its length. */
  seconds?: number;
  /** Hosted tools were at work, which OpenAI bills beside the tokens. */
  hasFees?: true;
};

/** What a call cost, in billionths of a US dollar: a whole number, so that sums are exact. */
export type Cost = { state: Certainty; nano: number };

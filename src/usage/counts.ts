import type { Usage } from "./usage.ts";

export type Counts = Omit<Usage, "state">;

/** What a `usage` object counts, in whichever of OpenAI's dialects; `undefined`: nothing. */
export function readCounts(text: string): Counts | undefined {
  const usage = parse(text);
  const input = detailsOf(
    usage,
    "input_tokens_details",
    "input_token_details",
    "prompt_tokens_details",
  );
  const output = detailsOf(
    usage,
    "output_tokens_details",
    "output_token_details",
    "completion_tokens_details",
  );
  const cached = detailsOf(input, "cached_tokens_details");
  const counts = {
    input: number(usage, "input_tokens", "prompt_tokens"),
    cachedInput: number(input, "cached_tokens"),
    output: number(usage, "output_tokens", "completion_tokens"),
    reasoning: number(output, "reasoning_tokens"),
    audioInput: number(input, "audio_tokens"),
    audioOutput: number(output, "audio_tokens"),
    cachedAudioInput: number(cached, "audio_tokens"),
    imageInput: number(input, "image_tokens"),
    cachedImageInput: number(cached, "image_tokens"),
    imageOutput: number(output, "image_tokens"),
    seconds: number(usage, "seconds"),
  };
  const there = Object.entries(counts).filter(([, count]) => count !== undefined);
  return there.length > 0 ? Object.fromEntries(there) : undefined;
}

type Json = Record<string, unknown>;

function parse(text: string): Json {
  try {
    return toObject(JSON.parse(text));
  } catch {
    return {};
  }
}

function toObject(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function detailsOf(json: Json, ...names: string[]): Json {
  return toObject(names.map((name) => json[name]).find((one) => one !== undefined));
}

function number(json: Json, ...names: string[]): number | undefined {
  const value = names.map((name) => json[name]).find((one) => one !== undefined);
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : undefined;
}

import { createHash } from "node:crypto";
import type { CreateEmbeddingResponse } from "openai/resources/embeddings";
import * as v from "valibot";
import { type Answer, json } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import { tokensIn } from "./speech.ts";

const usualSize = 1536;
const largeSize = 3072;

const text = v.pipe(v.string(), v.nonEmpty());
const tokens = v.pipe(v.array(v.pipe(v.number(), v.integer())), v.nonEmpty());

const embeddingRequest = v.looseObject({
  model: v.string(),
  input: v.union([
    text,
    tokens,
    v.pipe(v.array(text), v.nonEmpty(), v.maxLength(2048)),
    v.pipe(v.array(tokens), v.nonEmpty(), v.maxLength(2048)),
  ]),
  dimensions: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(largeSize))),
  encoding_format: v.nullish(v.picklist(["float", "base64"])),
});

type Input = string | number[];

export function embed(asked: Asked): Answer {
  const { model, input, dimensions, encoding_format } = jsonOf(asked, embeddingRequest);
  const inputs: Input[] = isOne(input) ? [input] : input;
  const size = dimensions ?? (model.endsWith("-large") ? largeSize : usualSize);
  const toBody = encoding_format === "base64" ? toBase64 : toNumbers;

  const data = inputs.map((one, index) => {
    const embedding = toBody(vectorOf(model, one, size));
    return { object: "embedding" as const, index, embedding };
  });
  const count = inputs.reduce((sum, one) => sum + countOf(one), 0);
  const usage = { prompt_tokens: count, total_tokens: count };
  return json({ object: "list", data, model, usage } satisfies Wire);
}

/** The SDK's type knows only what it makes of base64: numbers. */
type Wire = Omit<CreateEmbeddingResponse, "data"> & {
  data: { object: "embedding"; index: number; embedding: number[] | string }[];
};

/** A vector of length 1 that follows from model and input; a shorter one begins like a longer one. */
function vectorOf(model: string, input: Input, size: number): Float32Array {
  const seed = JSON.stringify([model, input]);
  const noise = createHash("shake256", { outputLength: 4 * size })
    .update(seed)
    .digest();
  const raw = Float64Array.from({ length: size }, (_, i) => noise.readInt32LE(4 * i));
  const norm = Math.hypot(...raw);
  return Float32Array.from(raw, (x) => x / norm);
}

function toNumbers(vector: Float32Array): number[] {
  return [...vector];
}

function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(4 * vector.length);
  vector.forEach((x, i) => {
    bytes.writeFloatLE(x, 4 * i);
  });
  return bytes.toString("base64");
}

function isOne(input: Input | Input[]): input is Input {
  return typeof input === "string" || typeof input[0] === "number";
}

function countOf(input: Input): number {
  return typeof input === "string" ? tokensIn(input) : input.length;
}

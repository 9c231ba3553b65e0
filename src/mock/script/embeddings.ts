import { type Answer, json } from "../answer.ts";
import type { Heard } from "../heard.ts";

/** The same vector for each input, or each its own, in the encoding that was asked for. */
export function embeddingsOf(vectors: number[] | number[][], heard: Heard): Answer {
  const { input, encoding_format } = heard.fields;
  const inputs = Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1;
  const data = Array.from({ length: inputs }, (_, index) => {
    const vector = toVector(vectors, index);
    const embedding = encoding_format === "base64" ? toBase64(vector) : vector;
    return { object: "embedding", index, embedding };
  });
  const usage = { prompt_tokens: heard.tokens, total_tokens: heard.tokens };
  return json({ object: "list", data, model: heard.model ?? "", usage });
}

/** Where there are fewer vectors than inputs, they come round again. */
function toVector(vectors: number[] | number[][], index: number): number[] {
  const one = vectors[index % vectors.length];
  return Array.isArray(one) ? one : (vectors as number[]);
}

function toBase64(vector: number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

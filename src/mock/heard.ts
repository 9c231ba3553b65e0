import type { Exchange } from "../exchange.ts";
import { collect, decoded, maxBody } from "./body.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { bodyTooLarge } from "./refusal.ts";
import { lastWords, textOf, tokensIn } from "./speech.ts";

/** What a request says, whatever its operation: for what looks at all of them. */
export type Heard = {
  method: string;
  /** Below `/v1`, which is part of it. */
  path: string;
  model: string | undefined;
  /** The text of the last message that the user wrote. */
  text: string;
  /** Tokens that are sent, and those that may come back. */
  tokens: number;
  fields: Fields;
};

/** Reads a request; its body is whole from there on. What cannot be read says nothing. */
export async function hear(exchange: Exchange): Promise<Heard> {
  const body = await collect(exchange);
  if (!body) throw bodyTooLarge(maxBody);
  exchange.body = body;
  const path = exchange.target.split("?", 1)[0]!;
  const { headers } = exchange;
  const fields = await decoded(body, headers)
    .then((plain) => fieldsOf({ headers, body: plain }))
    .catch((): Fields => ({}));
  return heardOf(exchange.method, path.startsWith("/v1/") ? path : `/v1${path}`, fields);
}

export function heardOf(method: string, path: string, fields: Fields): Heard {
  const { model, messages, input, prompt, instructions } = fields;
  const most = fields.max_output_tokens ?? fields.max_completion_tokens ?? fields.max_tokens;
  const asked = typeof most === "number" && most > 0 ? most : 0;
  return {
    method,
    path,
    model: typeof model === "string" ? model : undefined,
    text: wordsOf(messages ?? input ?? prompt),
    tokens: tokensIn(textOf([instructions, messages, input, prompt])) + asked,
    fields,
  };
}

/** Messages have a user among them; a prompt and what is embedded are texts. */
function wordsOf(said: unknown): string {
  return (Array.isArray(said) && lastWords(said)) || textOf(said);
}

import type { Exchange } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { collect, decoded, maxBody } from "./body.ts";
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

type Fields = Record<string, unknown>;

/** Reads a request; its body is whole from there on. What cannot be read says nothing. */
export async function hear(exchange: Exchange): Promise<Heard> {
  const body = await collect(exchange);
  if (!body) throw bodyTooLarge(maxBody);
  exchange.body = body;
  const path = exchange.target.split("?", 1)[0]!;
  const fields = await fieldsOf(exchange, body).catch((): Fields => ({}));
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

async function fieldsOf({ headers }: Exchange, sent: Buffer): Promise<Fields> {
  if (sent.length === 0) return {};
  const body = await decoded(sent, headers);
  const type = headerOf(headers, "content-type") ?? "";
  if (!/^multipart\//i.test(type)) {
    const value: unknown = JSON.parse(`${body}`);
    return typeof value === "object" && value !== null ? (value as Fields) : {};
  }
  const form = new Response(new Uint8Array(body), { headers: { "content-type": type } });
  return Object.fromEntries(await form.formData());
}

/** Messages have a user among them; a prompt and what is embedded are texts. */
function wordsOf(said: unknown): string {
  return (Array.isArray(said) && lastWords(said)) || textOf(said);
}

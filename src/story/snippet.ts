import type { HeaderPairs } from "../journal/call.ts";
import { shellWord } from "../shell-word.ts";
import { textIn } from "./text.ts";

/** What a client would send through the relay. */
export type Request = {
  /** The call that it was: where its body may be found. */
  id: string;
  /** The base URL for clients: `http://127.0.0.1:8484/v1`. */
  baseUrl: string;
  method: string;
  /** Path and query as sent. */
  target: string;
  headers: HeaderPairs;
  /** Without its Content-Encoding. */
  body?: Uint8Array;
};

/** Something to paste. `remark`: what has to be done besides. */
export type Snippet = { code: string; remark?: string };

/** Arguments that are longer than that are no arguments in many shells. */
const longest = 100_000;

const wanted = /^(?:content-type|openai-.*|idempotency-key|x-relay-tag)$/i;

/** The same call with curl, through the relay, which puts its own key on. */
export function toCurl({ id, baseUrl, method, target, headers, body }: Request): Snippet {
  const lines = [`curl ${shellWord(new URL(baseUrl).origin + target)}`];
  const hasBody = body !== undefined && body.length > 0;
  if (method !== (hasBody ? "POST" : "GET")) lines.push(`-X ${shellWord(method)}`);
  // In double quotes: the shell puts the key in.
  lines.push('-H "Authorization: Bearer $OPENAI_API_KEY"');
  for (const [name, value] of headers)
    if (wanted.test(name)) lines.push(`-H ${shellWord(`${name}: ${value}`)}`);
  // An address of IPv6 is no pattern.
  if (baseUrl.includes("[") || /[[\]{}]/.test(target)) lines.push("-g");
  const text = hasBody && body.length <= longest ? textIn(body) : undefined;
  let remark: string | undefined;
  if (text !== undefined) lines.push(`--data-raw ${shellWord(text)}`);
  else if (hasBody) {
    const file = `body-${id}`;
    lines.push(`--data-binary @${file}`);
    remark = `First save the body: relay show ${id} --body request > ${file}`;
  }
  return { code: lines.join(" \\\n  "), ...(remark !== undefined && { remark }) };
}

/** Header lines that a program has to set itself, but for the key. */
export function headersFor({ headers }: Request): HeaderPairs {
  return headers.filter(([name]) => wanted.test(name));
}

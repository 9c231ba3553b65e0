import { Readable } from "node:stream";
import { badQuestion, bodyTooLarge, unsupportedMediaType } from "../errors.ts";
import type { Exchange, HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { answerJson } from "./answer.ts";
import type { Send, Sent } from "./api.ts";
import type { Asked } from "./routes.ts";

/** Bytes of a question, in which a body is a third larger than it is. */
const most = 64 * 1024 ** 2;

/** Sends a call again, edited or not, as if it came from outside. Its answer is in the journal. */
export async function sendAgain({ exchange, reply, visitor }: Asked): Promise<void> {
  const type = headerOf(exchange.headers, "content-type") ?? "";
  // A form of another page could not say so, whatever else it got past.
  if (!/^application\/json(?:$|\s*;)/i.test(type))
    throw unsupportedMediaType(type, ["application/json"]);
  const { again, method, target, headers, body } = toSend(await readAll(exchange));

  const bytes = Buffer.from(body, "base64");
  const sent = visitor.send({
    method,
    target,
    headers: [...toLines(headers, bytes.length), "x-relay-again", again],
    body: bytes.length > 0 ? bytes : null,
  });
  if ("refusal" in sent) throw sent.refusal;
  answerJson(reply, sent satisfies Sent);
}

async function readAll({ body, bodyLength = 0 }: Exchange): Promise<string> {
  if (bodyLength > most) throw bodyTooLarge(most);
  if (!(body instanceof Readable)) return String(body ?? "");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) throw bodyTooLarge(most);
  }
  return Buffer.concat(chunks).toString();
}

/** What the request itself says of its body and its connection. */
const ownLines =
  /^(?:host|connection|content-length|transfer-encoding|expect|upgrade|x-relay-again)$/i;

function toLines(pairs: Send["headers"], length: number): HeaderList {
  const kept = pairs.filter(([name]) => !ownLines.test(name)).flat();
  return length > 0 ? [...kept, "Content-Length", String(length)] : kept;
}

function toSend(text: string): Send {
  const { again, method, target, headers, body } = parse(text) as Record<keyof Send, unknown>;
  if (!isText(again, /^[\w.-]{1,64}$/)) throw badQuestion("again is the id of a call.");
  if (!isText(method, /^[!#$%&'*+.^`|~\w-]{1,32}$/)) throw badQuestion("method is no method.");
  if (!isText(target, /^\//)) throw badQuestion("target is a path, and a query.");
  if (!isText(body, /^[\w+/]*={0,2}$/)) throw badQuestion("body is in base64.");
  if (!Array.isArray(headers) || !headers.every(isLine))
    throw badQuestion("headers is a list of pairs: a name and a value that HTTP allows.");
  return { again, method, target, headers, body };
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {}
  throw badQuestion("The body is no JSON object.");
}

/** RFC 9110 section 5.5 and 5.6.2. */
function isLine(line: unknown): line is [string, string] {
  if (!Array.isArray(line) || line.length !== 2) return false;
  return isText(line[0], /^[!#$%&'*+.^`|~\w-]+$/) && isText(line[1], /^[\t\x20-\x7e\x80-\xff]*$/);
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

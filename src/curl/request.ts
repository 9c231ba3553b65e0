import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { Transform } from "node:stream";
import type { Exchange, HeaderList } from "../exchange.ts";
import { type Body, createBody, joinData, urlEncode } from "./body.ts";
import { badUsage, unreadable } from "./failure.ts";
import { createHeaders } from "./headers.ts";
import type { CurlOptions } from "./options.ts";

/** A request that is ready to be made, once or more often. */
export type Request = { method: string; target: string; headers: HeaderList; body: Body | null };

/** Who asks whom, as the headers say it. */
export type Caller = { host: string; agent: string };

/** The request that curl would make of the same options. */
export async function createRequest(
  options: CurlOptions,
  target: string,
  caller: Caller,
): Promise<Request> {
  const body = options.get ? null : await createBody(options);
  if (options.head && body) throw badUsage("-I sends no body: leave -d, -F and -T out, or add -G");
  if (options.range && body) throw badUsage("-r asks for a part of an answer; it sends no body");
  return {
    method: options.request ?? methodFor(options, body),
    target: await targetFor(options, target),
    headers: await createHeaders(options, body, caller),
    body,
  };
}

/** The request on its way, from here on. */
export function toExchange({ method, target, headers, body }: Request): Exchange {
  const isChunked = headers.some((text, i) => i % 2 === 0 && /^transfer-encoding$/i.test(text));
  const exchange: Exchange = {
    ...{ id: randomUUID(), method, target, headers: [...headers], body: null },
    bodyLength: isChunked ? undefined : body?.length,
    startedAt: performance.now(),
    bytesIn: 0,
  };
  if (body) exchange.body = toBody(body, exchange);
  return exchange;
}

function methodFor({ head, uploadFile }: CurlOptions, body: Body | null): string {
  if (head) return "HEAD";
  if (uploadFile) return "PUT";
  return body ? "POST" : "GET";
}

async function targetFor(options: CurlOptions, target: string): Promise<string> {
  const { get, body, urlQuery = [], uploadFile } = options;
  // A file that is sent to a folder keeps its name.
  const isFolder = uploadFile && uploadFile !== "-" && target.endsWith("/");
  const named = isFolder ? target + encodeURIComponent(basename(uploadFile)) : target;
  const pieces = get && body ? [await joinData(body)] : [];
  for (const text of urlQuery)
    pieces.push(text.startsWith("+") ? Buffer.from(text.slice(1)) : await urlEncode(text));
  return pieces[0] ? `${named}${named.includes("?") ? "&" : "?"}${pieces.join("&")}` : named;
}

/** What is in memory goes whole; what is not is counted as it is fetched. */
function toBody({ content }: Body, exchange: Exchange): Exchange["body"] {
  if (Buffer.isBuffer(content)) {
    exchange.bytesIn = content.length;
    return content.length > 0 ? content : null;
  }
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      exchange.bytesIn += chunk.length;
      done(null, chunk);
    },
  });
  const source = content.open();
  source.on("error", (cause) => counter.destroy(unreadable("what was to be sent", cause)));
  // Standard input that nobody reads any more would keep the process alive.
  counter.on("close", () => source.destroy());
  return source.pipe(counter);
}

import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { Transform } from "node:stream";
import type { Exchange } from "../exchange.ts";
import { type Body, createBody, joinData } from "./body.ts";
import { badUsage, unreadable } from "./failure.ts";
import { createHeaders } from "./headers.ts";
import type { CurlOptions } from "./options.ts";

/** The request that curl would make of the same options. */
export async function createExchange(
  options: CurlOptions,
  target: string,
  caller: { host: string; agent: string },
): Promise<Exchange> {
  const body = options.get ? null : await createBody(options);
  if (options.head && body) throw badUsage("-I sends no body: leave -d, -F and -T out, or add -G");
  const headers = await createHeaders(options, body, caller);
  const isChunked = headers.some((text, i) => i % 2 === 0 && /^transfer-encoding$/i.test(text));

  const exchange: Exchange = {
    id: randomUUID(),
    method: options.request ?? methodFor(options, body),
    target: await targetFor(options, target),
    headers,
    body: null,
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

async function targetFor({ get, body, uploadFile }: CurlOptions, target: string): Promise<string> {
  if (get && body) {
    const query = await joinData(body);
    return `${target}${target.includes("?") ? "&" : "?"}${query}`;
  }
  // A file that is sent to a folder keeps its name.
  const named = uploadFile && uploadFile !== "-" && target.endsWith("/");
  return named ? target + encodeURIComponent(basename(uploadFile)) : target;
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
  content.on("error", (cause) => counter.destroy(unreadable("what was to be sent", cause)));
  // Standard input that nobody reads any more would keep the process alive.
  counter.on("close", () => content.destroy());
  return content.pipe(counter);
}

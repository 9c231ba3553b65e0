import { promisify } from "node:util";
import zlib from "node:zlib";
import type { Exchange, HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import { bodyTooLarge, notJson, unknownEncoding } from "./refusal.ts";

/** The longest body that the mock takes, in bytes. */
export const maxBody = 64 * 1024 ** 2;

/** The whole body as it was sent; `null` when it is too large. */
export async function collect({ body }: Exchange): Promise<Buffer | null> {
  if (body === null) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBody) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decoders = new Map<string, Decoder>([
  ["br", promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)],
  ["deflate", promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)],
  ["gzip", promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)],
  ["zstd", promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)],
]);

/** The body without its Content-Encoding: Codex sends zstd. */
export async function decoded(body: Buffer, headers: HeaderList): Promise<Buffer> {
  const encoding = headerOf(headers, "content-encoding")?.toLowerCase() ?? "identity";
  if (encoding === "identity") return body;
  const decode = decoders.get(encoding);
  if (!decode) throw unknownEncoding(encoding);
  return decode(body, { maxOutputLength: maxBody }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ERR_BUFFER_TOO_LARGE" ? bodyTooLarge(maxBody) : notJson();
  });
}

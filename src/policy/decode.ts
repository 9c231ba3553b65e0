import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { Unreadable } from "./unreadable.ts";

type Decode = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const gunzip: Decode = promisify(zlib.gunzip);

const codings: Record<string, Decode> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
};

/** Undoes `Content-Encoding` for reading; what goes upstream stays as it is. */
export async function decompress(body: Buffer, coding: string, most: number): Promise<Buffer> {
  const name = coding.trim().toLowerCase();
  if (name === "" || name === "identity") return body;
  const decode = Object.hasOwn(codings, name) ? codings[name] : undefined;
  if (!decode) throw new Unreadable("its Content-Encoding is none of gzip, br and zstd");
  try {
    return await decode(body, { maxOutputLength: most });
  } catch (error) {
    const isBomb = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    const why = isBomb ? `it unpacks to more than ${most} bytes` : `it is no ${name}`;
    throw new Unreadable(why);
  }
}

/** Bytes as text; only UTF-8, which is what JSON is (RFC 8259 section 8.1). */
export function toText(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Unreadable("it is not UTF-8");
  }
}

/** Refuses a media type that says of its text that it is something else than UTF-8. */
export function checkCharset(mediaType: string): void {
  const known = /;\s*charset\s*=\s*"?(?:utf-?8|us-ascii)"?\s*(?=;|$)/gi;
  if (/charset/i.test(mediaType.replace(known, ""))) throw new Unreadable("it is not UTF-8");
}

import { createHash, type Hash, hash } from "node:crypto";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Scrub } from "../scrub.ts";
import { fromBytes } from "./bytes.ts";
import type { Body } from "./entry.ts";
import { boundaryOf, UnboundedHash } from "./unbounded.ts";

/** Bytes of a request's body that are kept; of larger ones only length and digest are. */
const mostKept = 2 * 1024 ** 2;

/** Levels of JSON; what has more is kept as text. */
const deepest = 500;

type Decode = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const codings = new Map<string, Decode>([
  ["gzip", promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)],
  ["deflate", promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)],
  ["br", promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)],
  ["zstd", promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)],
]);

/** Takes a body in as it passes: its digest, its length, and itself as far as it is kept. */
export class Intake {
  bytes = 0;
  /** Of more than one piece: most bodies come in one. */
  #hash: Hash | undefined;
  #first: Buffer | undefined;
  #unbounded: UnboundedHash | undefined;
  #pieces: Buffer[] = [];

  constructor(headers: HeaderList = []) {
    const boundary = boundaryOf(headerOf(headers, "content-type") ?? "");
    if (boundary !== undefined) this.#unbounded = new UnboundedHash(boundary);
  }

  add(piece: Buffer): void {
    if (this.#hash) this.#hash.update(piece);
    else if (this.#first) {
      this.#hash = createHash("sha256").update(this.#first).update(piece);
      this.#first = undefined;
    } else this.#first = piece;
    this.#unbounded?.update(piece);
    this.bytes += piece.length;
    if (this.bytes <= mostKept) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  /** Once. */
  end(): Whole {
    const exact = this.#hash?.digest("hex") ?? hash("sha256", this.#first ?? "");
    const kept = this.bytes <= mostKept ? Buffer.concat(this.#pieces) : undefined;
    return { exact, sha256: this.#unbounded?.digest() ?? exact, kept };
  }
}

/** What is known of a body that has come to its end; digests in hex. */
export type Whole = {
  /** Of all its bytes. */
  exact: string;
  /** Of a form without its boundary. */
  sha256: string;
  /** All of it. */
  kept: Buffer | undefined;
};

/** A body as the tape has it. `coding`: its Content-Encoding, which is undone where it is known. */
export async function toBody(
  { sha256, kept }: Whole,
  bytes: number,
  coding: string | undefined,
  scrub: Scrub,
): Promise<Body | undefined> {
  if (bytes === 0) return undefined;
  const plain = kept && (await decoded(kept, coding));
  if (!plain) return { bytes, sha256 };
  const content = fromBytes(Buffer.from(scrub(plain.toString("latin1")), "latin1"));
  if ("base64" in content) return { bytes, ...content };
  try {
    const json: unknown = JSON.parse(content.text);
    // So deep, it is also long.
    const isPlain = plain.length < 2 * deepest || !isDeep(json);
    return isPlain ? { bytes, json } : { bytes, ...content };
  } catch {
    return { bytes, ...content };
  }
}

/** Lists in lists without an end can be read as JSON, but not be written again. */
function isDeep(json: unknown): boolean {
  let level = [json];
  for (let depth = 0; depth < deepest && level.length > 0; depth++)
    level = level.flatMap((value) => {
      return typeof value === "object" && value !== null ? Object.values(value) : [];
    });
  return level.length > 0;
}

/** The body without its Content-Encoding; `undefined` where that cannot be undone. */
export async function decoded(
  body: Buffer,
  coding: string | undefined,
): Promise<Buffer | undefined> {
  const name = coding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return body;
  const decode = codings.get(name.replace(/^x-/, ""));
  return decode?.(body, { maxOutputLength: 8 * mostKept }).catch(() => undefined);
}

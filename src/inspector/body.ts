import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { badQuestion } from "../errors.ts";
import type { Reply } from "../exchange.ts";
import type { HeaderPairs, Side } from "../journal/call.ts";
import type { Journal } from "../journal/journal.ts";
import { drained } from "./answer.ts";
import { findCall, toSide } from "./calls.ts";
import { download } from "./download.ts";
import type { Asked } from "./routes.ts";

/** A whole body, its Content-Encoding undone. */
export async function answerBody(asked: Asked): Promise<void> {
  const { reply } = asked;
  const side = toSide(asked);
  const call = await findCall(asked);
  const journal = asked.journal!;
  const heads = await journal.ask("heads", call.seq);
  if (!heads) throw badQuestion("Of this call no bodies were kept (--capture).");

  download(reply, `${call.id}-${side}`, "application/octet-stream");
  const chunks = chunksOf(journal, call.seq, side);
  const decoders = toDecoders(heads[side] ?? []);
  try {
    await pipeline([chunks, ...decoders, (source: AsyncIterable<Buffer>) => write(source, reply)]);
  } catch (error) {
    // What is cut off, or was never encoded as it says, is given as far as it goes.
    if (!isOfDecoder(error)) throw error;
  }
  reply.end();
}

async function* chunksOf(journal: Journal, seq: number, side: Side) {
  for (let after = 0; ; ) {
    const { slices, last } = await journal.ask("slices", seq, side, after);
    if (slices.length === 0) return;
    for (const { bytes } of slices) yield Buffer.from(bytes);
    after = last;
  }
}

async function write(source: AsyncIterable<Buffer>, reply: Reply): Promise<void> {
  for await (const chunk of source)
    if (reply.over || (!reply.data(chunk) && !(await drained(reply)))) return;
}

/** The coding that was put on last comes off first (RFC 9110 section 8.4). */
function toDecoders(headers: HeaderPairs): Transform[] {
  const lines = headers.filter(([name]) => name.toLowerCase() === "content-encoding");
  const codings = lines.flatMap(([, value]) => value.toLowerCase().split(","));
  return codings
    .reverse()
    .map((coding) => decoders[coding.trim()]?.())
    .filter((decoder) => decoder !== undefined);
}

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = constants;

const decoders: Record<string, () => Transform> = {
  gzip: () => createGunzip({ finishFlush: Z_SYNC_FLUSH }),
  "x-gzip": () => createGunzip({ finishFlush: Z_SYNC_FLUSH }),
  deflate: () => createInflate({ finishFlush: Z_SYNC_FLUSH }),
  br: () => createBrotliDecompress({ finishFlush: BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdDecompress({ finishFlush: ZSTD_e_flush }),
};

/** Errors of zlib have numbers besides. */
function isOfDecoder(error: unknown): boolean {
  return error instanceof Error && "errno" in error;
}

import * as zlib from "node:zlib";
import type { Call, Heads, Side, Slice } from "../journal/call.ts";
import type { Reader } from "../journal/reader.ts";
import { Answer } from "../story/answer.ts";

/** Bytes that a body may unpack to. */
const most = 64 * 1024 ** 2;

export type Body = {
  contentType: string;
  bytes: Buffer;
  /** Where not all of it was kept, or it could not be unpacked. */
  problem?: string;
};

export function headsOf(reader: Reader, { seq }: Call): Heads {
  const heads = reader.heads(seq);
  if (heads) return heads;
  throw new Error(
    `Of call ${seq} only facts are kept. To keep heads and bodies of later calls, start the relay with --capture.`,
  );
}

/** A captured body, its Content-Encoding undone as far as it goes. */
export function bodyOf(reader: Reader, call: Call, side: Side): Body {
  const headers = headsOf(reader, call)[side] ?? [];
  const line = (name: string) =>
    headers
      .find(([one]) => one.toLowerCase() === name)?.[1]
      .trim()
      .toLowerCase() ?? "";
  const raw = Buffer.concat(slicesOf(reader, call, side).map(({ bytes }) => bytes));
  const whole = side === "asked" ? call.bytesIn : call.bytesOut;
  const isCut = call.kind === "http" && raw.length < whole;
  const cut = `Only ${raw.length} of ${whole} bytes were kept (captureBody).`;
  const contentType = line("content-type");
  const coding = line("content-encoding");
  const unpack = Object.hasOwn(unpackers, coding) ? unpackers[coding] : undefined;
  if (coding === "" || coding === "identity")
    return { contentType, bytes: raw, ...(isCut && { problem: cut }) };
  try {
    if (unpack) return { contentType, bytes: unpack(raw), ...(isCut && { problem: cut }) };
  } catch {}
  return { contentType, bytes: raw, problem: `It could not be unpacked (${coding}).` };
}

export function slicesOf(reader: Reader, { seq }: Call, side: Side): Slice[] {
  return reader.slices(seq, side).slices;
}

/** An answer read: its events and what it says. */
export function answerOf(reader: Reader, call: Call): Answer {
  const isWebSocket = call.kind === "websocket";
  if (isWebSocket) {
    const answer = new Answer({ contentType: "", isWebSocket });
    answer.push(slicesOf(reader, call, "answered"));
    answer.end();
    return answer;
  }
  const { contentType, bytes } = bodyOf(reader, call, "answered");
  const slices = slicesOf(reader, call, "answered");
  const length = slices.reduce((sum, slice) => sum + slice.bytes.length, 0);
  const isPlain = bytes.length === length;
  const answer = new Answer({ contentType });
  answer.push(isPlain ? slices : [{ at: slices.at(-1)?.at ?? 0, bytes }]);
  answer.end();
  return answer;
}

/** UTF-8, or `undefined` where it is none. */
export function toText(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = zlib.constants;
const maxOutputLength = most;

/** What is cut off is unpacked as far as it goes. */
const unpackers: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => zlib.gunzipSync(bytes, { finishFlush: Z_SYNC_FLUSH, maxOutputLength }),
  "x-gzip": (bytes) => zlib.gunzipSync(bytes, { finishFlush: Z_SYNC_FLUSH, maxOutputLength }),
  deflate: (bytes) => zlib.inflateSync(bytes, { finishFlush: Z_SYNC_FLUSH, maxOutputLength }),
  br: (bytes) =>
    zlib.brotliDecompressSync(bytes, { finishFlush: BROTLI_OPERATION_FLUSH, maxOutputLength }),
  zstd: (bytes) => zlib.zstdDecompressSync(bytes, { finishFlush: ZSTD_e_flush, maxOutputLength }),
};

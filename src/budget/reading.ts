import * as zlib from "node:zlib";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Found } from "../usage/found.ts";
import { UsageTap } from "../usage/tap.ts";

/** Bytes that may wait to be unpacked, and bytes that an answer may unpack to. */
const mostWaiting = 8 * 1024 ** 2;
const mostUnpacked = 1024 ** 3;

// What came before an answer broke off counts, too.
const plain = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const brotli = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };
const zstd = { finishFlush: zlib.constants.ZSTD_e_flush };

type Decoder = ReturnType<typeof zlib.createGunzip | typeof zlib.createBrotliDecompress>;

const decoders: Record<string, () => Decoder> = {
  gzip: () => zlib.createGunzip(plain),
  "x-gzip": () => zlib.createGunzip(plain),
  deflate: () => zlib.createInflate(plain),
  br: () => zlib.createBrotliDecompress(brotli),
  zstd: () => zlib.createZstdDecompress(zstd),
};

/** Reads what an answer says about its cost while it passes as it is. */
export type Reading = {
  chunk(bytes: Buffer): void;
  /** Tells what was found: at once, unless the answer is packed. */
  end(tell: (found: Found) => void): void;
};

/** `undefined`: the answer is of a kind that says nothing. */
export function readingOf(headers: HeaderList): Reading | undefined {
  const [type = ""] = (headerOf(headers, "content-type") ?? "").toLowerCase().split(";");
  const isEvents = type.trim() === "text/event-stream";
  if (!isEvents && !/[/+]json$/.test(type.trim())) return undefined;
  const tap = new UsageTap(isEvents ? "events" : "json");
  const coding = (headerOf(headers, "content-encoding") ?? "identity").trim().toLowerCase();
  if (coding === "identity" || coding === "") {
    return { chunk: (bytes) => tap.chunk(bytes), end: (tell) => tell(tap.found()) };
  }
  return Object.hasOwn(decoders, coding) ? unpacking(decoders[coding]!(), tap) : undefined;
}

function unpacking(decoder: Decoder, tap: UsageTap): Reading {
  let size = 0;
  decoder.on("data", (bytes: Buffer) => {
    size += bytes.length;
    if (size > mostUnpacked) decoder.destroy();
    else tap.chunk(bytes);
  });
  // What is damaged ends here: what was found until then counts.
  decoder.on("error", () => {});
  return {
    chunk(bytes) {
      if (decoder.writableLength > mostWaiting) decoder.destroy();
      if (!decoder.destroyed) decoder.write(bytes);
    },
    end(tell) {
      if (decoder.closed) {
        tell(tap.found());
        return;
      }
      decoder.once("close", () => tell(tap.found()));
      if (!decoder.destroyed) decoder.end();
    },
  };
}

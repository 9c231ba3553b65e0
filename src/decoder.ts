import type { Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = constants;

/** What is cut off is given as far as it goes. */
const gently = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };

/** Undoes a coding as bytes come. */
export type Decoder = {
  write(bytes: Buffer): void;
  /** Resolves once everything was heard, or the rest cannot be. */
  end(): Promise<void>;
};

/** Bytes after which nobody listens any more: some are nothing but a trap. */
const most = 1024 ** 3;

/** What undoes a coding, by its name. */
export const decoders: { [coding: string]: () => Transform } = {
  gzip: () => createGunzip(gently),
  "x-gzip": () => createGunzip(gently),
  deflate: () => createInflate(gently),
  br: () => createBrotliDecompress({ finishFlush: BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdDecompress({ finishFlush: ZSTD_e_flush }),
};

/** `undefined`: a Content-Encoding that cannot be undone. */
export function createDecoder(coding: string, hear: (plain: Buffer) => void): Decoder | undefined {
  const stream = Object.hasOwn(decoders, coding) ? decoders[coding]!() : undefined;
  if (!stream) return undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  let size = 0;
  stream.on("data", (plain: Buffer) => {
    size += plain.length;
    if (size > most) stream.destroy();
    else hear(plain);
  });
  stream.on("error", () => stream.destroy());
  stream.on("close", resolve);
  return {
    write(bytes) {
      if (!stream.destroyed) stream.write(bytes);
    },
    end() {
      stream.end();
      return promise;
    },
  };
}

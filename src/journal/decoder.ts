import type { Transform } from "node:stream";
import * as zlib from "node:zlib";

/** Undoes a coding as bytes come. */
export type Decoder = {
  write(bytes: Buffer): void;
  /** Resolves once everything was heard, or the rest cannot be. */
  end(): Promise<void>;
};

/** Bytes after which nobody listens any more: some are nothing but a trap. */
const most = 1024 ** 3;

const codings = new Map<string, () => Transform>([
  ["gzip", () => zlib.createGunzip()],
  ["deflate", () => zlib.createInflate()],
  ["br", () => zlib.createBrotliDecompress()],
  ["zstd", () => zlib.createZstdDecompress()],
]);

/** `undefined`: a Content-Encoding that cannot be undone. */
export function createDecoder(coding: string, hear: (plain: Buffer) => void): Decoder | undefined {
  const stream = codings.get(coding.replace(/^x-/, ""))?.();
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

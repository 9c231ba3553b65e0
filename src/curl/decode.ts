import type { Transform } from "node:stream";
import { finished } from "node:stream/promises";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { CurlError } from "./failure.ts";

type Unpacker = () => Transform;

const unpackers: Record<string, Unpacker> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** What unpacks a Content-Encoding; `undefined`: there is nothing to unpack. */
export function unpackerFor(encoding: string): Unpacker | undefined {
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  if (Object.hasOwn(unpackers, name)) return unpackers[name];
  throw new CurlError(61, `The answer is packed in a way that nobody here knows: ${name}`);
}

type Events = {
  /** `false`: hold back until `resume`. */
  unpacked(bytes: Buffer): boolean;
  drained(): void;
  failed(error: CurlError): void;
};

/** A body that is unpacked while it arrives. */
export class Decoding {
  #stream: Transform;
  #over: Promise<void>;

  constructor(unpacker: Unpacker, { unpacked, drained, failed }: Events) {
    this.#stream = unpacker();
    this.#stream.on("data", (bytes: Buffer) => unpacked(bytes) || this.#stream.pause());
    this.#stream.on("drain", drained);
    this.#over = finished(this.#stream).catch(({ code }: NodeJS.ErrnoException) => {
      if (code !== "ERR_STREAM_PREMATURE_CLOSE")
        failed(new CurlError(61, `The answer cannot be unpacked (${code})`));
    });
  }

  /** `false`: wait for `drained`. */
  write(bytes: Buffer): boolean {
    return this.#stream.write(bytes);
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Resolves once all of it is unpacked. */
  async end(): Promise<void> {
    this.#stream.end();
    await this.#over;
  }
}

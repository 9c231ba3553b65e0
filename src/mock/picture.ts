import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

/** The sides of a picture, in pixels. */
const side = 16;

/** A small picture of one colour, which follows from `seed`. */
export function pictureOf(format: string, seed: string): Buffer {
  if (format === "jpeg") return jpeg();
  if (format === "webp") return Buffer.from(webp, "base64");
  return png(createHash("sha256").update(seed).digest().subarray(0, 3));
}

function png(colour: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  // 8 bits for each of red, green and blue.
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), ...Array<Buffer>(side).fill(colour)]);
  const pixels = deflateSync(Buffer.concat(Array<Buffer>(side).fill(row)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const none = Buffer.alloc(0);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", pixels),
    chunk("IEND", none),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** One grey pixel. */
function jpeg(): Buffer {
  const code = [0, 1, ...Array<number>(15).fill(0), 0];
  return Buffer.from([
    ...[0xff, 0xd8],
    ...[0xff, 0xdb, 0, 67, 0, ...Array<number>(64).fill(1)],
    ...[0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0],
    // One code in each table: no difference, and the end of the block.
    ...[0xff, 0xc4, 0, 20, 0x00, ...code.slice(1)],
    ...[0xff, 0xc4, 0, 20, 0x10, ...code.slice(1)],
    ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
    0x3f,
    ...[0xff, 0xd9],
  ]);
}

/** One pixel. */
const webp = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

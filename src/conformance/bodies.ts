import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Dice } from "./dice.ts";

// Bodies such as clients and OpenAI send, and such as nobody would. All are bytes that the relay must
// not know anything about.

const texts = [
  "",
  "héllo ☃",
  "日本語",
  "👩‍👩‍👧",
  "\u2028",
  "line\\nbreak",
  "\\ud800",
  "\\u0000",
  "</script>",
];
const numbers = ["0", "-0", "1E+2", "0.1e-7", "1e400", "123456789012345678901234567890", "1.0"];
const spaces = ["", "", " ", "\n", "\t ", "\r\n"];

/** JSON text with repeated keys, numbers beyond a double, fields nobody knows, odd white space. */
export function jsonBody(dice: Dice, depth = 3): string {
  const space = () => dice.pick(spaces);
  const value = (): string => {
    if (depth > 0 && dice.once(3)) return jsonBody(dice, depth - 1);
    if (depth > 0 && dice.once(4)) return `[${space()}${[1, 2].map(value).join(",")}${space()}]`;
    if (dice.once(3)) return dice.pick(numbers);
    return dice.once(5) ? dice.pick(["true", "false", "null"]) : `"${dice.pick(texts)}"`;
  };
  const keys = ["model", "input", "stream", "x_unknown", "model", "", "ключ", "__proto__"];
  const fields = dice.some(keys).map((key) => `${space()}"${key}"${space()}:${space()}${value()}`);
  return `{${fields.join(",")}${space()}}`;
}

/** A multipart body and its boundary; the data does its best to look like the boundary. */
export function multipartBody(dice: Dice): { boundary: string; bytes: Buffer } {
  const boundary = dice.pick([
    "----formdata-undici-0123456789",
    "a",
    "gc0pJq0M:08jU534c0p",
    "'()+_,-./:=?",
    "with some spaces in it",
    `x${"-".repeat(68)}`,
  ]);
  const lines = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="file"; filename="ü\\".jsonl"`,
  ];
  const data = [
    Buffer.from([0, 1, 13, 10, 255, 0]),
    Buffer.from(`\r\n-${boundary}\r\n--${boundary}X--`),
    Buffer.from(`--${boundary}\r\n\n--${boundary}--`),
    dice.bytes(dice.below(200)),
  ];
  const parts = dice
    .some(data)
    .flatMap((piece) => [Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), piece, Buffer.from("\r\n")]);
  const preamble = dice.once(3) ? "not a part\r\n" : "";
  const epilogue = dice.once(3) ? "\r\n\0 the end" : "\r\n";
  const bytes = Buffer.concat([
    Buffer.from(preamble),
    ...parts,
    Buffer.from(`--${boundary}--${epilogue}`),
  ]);
  return { boundary, bytes };
}

/** An event stream: comments, odd line ends, several data lines, keepalives of no spec. */
export function eventStream(dice: Dice): Buffer {
  const events = [
    'event: response.created\ndata: {"type":"response.created","sequence_number":0}\n\n',
    ": keepalive\n\n",
    "data: héllo ☃ 👩‍👩‍👧\n\n",
    "data: one\r\ndata: two\r\n\r\n",
    "id\rretry: 10\r\r",
    'event: keepalive\ndata: {"type":"keepalive","sequence_number":7}\n\n',
    'data: {"choices":[],"usage":null}\n\n',
    ":\n",
    "\ufeffdata:no space\n\n",
  ];
  const some = Array.from({ length: dice.between(1, 8) }, () => dice.pick(events));
  return Buffer.from(`${some.join("")}${dice.once(2) ? "data: [DONE]\n\n" : ""}`);
}

export const encodings = ["identity", "gzip", "br", "zstd", "deflate"] as const;

export function encode(encoding: (typeof encodings)[number], bytes: Buffer): Buffer {
  if (encoding === "gzip") return gzipSync(bytes);
  if (encoding === "br") return brotliCompressSync(bytes);
  if (encoding === "zstd") return zstdCompressSync(bytes);
  return encoding === "deflate" ? deflateSync(bytes) : bytes;
}

/** Cuts bytes anywhere, inside a character too. Never yields an empty slice. */
export function sliced(dice: Dice, bytes: Buffer, most = 5): Buffer[] {
  if (bytes.length === 0) return [];
  const cuts = Array.from({ length: dice.below(most) }, () => dice.below(bytes.length));
  const ends = [...new Set([...cuts, bytes.length])].filter((cut) => cut > 0).sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

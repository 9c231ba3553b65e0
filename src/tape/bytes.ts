import { isUtf8 } from "node:buffer";
import type { HeaderList } from "../exchange.ts";
import type { Bytes, HeaderPairs } from "./entry.ts";

/** As text where it is UTF-8, so that people can read it. */
export function fromBytes(bytes: Buffer): Bytes {
  return isUtf8(bytes) ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") };
}

export function toBytes(bytes: Bytes): Buffer {
  return "text" in bytes ? Buffer.from(bytes.text, "utf8") : Buffer.from(bytes.base64, "base64");
}

export function toPairs(headers: HeaderList): HeaderPairs {
  const pairs: HeaderPairs = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i]!, headers[i + 1]!]);
  return pairs;
}

import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";

import { modelReach } from "./pieces.ts";

/** Bytes that a compressed beginning may unpack to. */
const most = 1024 ** 2;

const longest = 128;

/** Where JSON names the model of a call: in a body, or in an event of a WebSocket. */
const places = new Set(["model", "session.model", "response.model"]);

/** Finds the model in a request's body that comes in pieces. */
export class AskedModel {
  #found: string | undefined;
  #beginning: Buffer = Buffer.alloc(0);
  #end: Buffer = Buffer.alloc(0);
  #isLooked = true;

  add(bytes: Buffer): void {
    if (this.#found !== undefined) return;
    this.#isLooked = false;
    const first = bytes.subarray(0, modelReach - this.#beginning.length);
    const rest = bytes.subarray(first.length).subarray(-modelReach);
    if (first.length > 0) this.#beginning = Buffer.concat([this.#beginning, first]);
    if (rest.length > 0) this.#end = Buffer.concat([this.#end, rest]).subarray(-modelReach);
  }

  find(): string | undefined {
    if (!this.#isLooked) this.#found = modelIn(this.#beginning, this.#end);
    this.#isLooked = true;
    return this.#found;
  }
}

/** The model that a request's body names, of which only the beginning and the end are known. */
export function modelIn(beginning: Buffer, end?: Buffer): string | undefined {
  const start = plain(beginning)?.toString("latin1");
  if (start === undefined) return undefined;
  const rest = end?.toString("latin1");
  const isForm = start.startsWith("--");
  const found = isForm
    ? (inForm(start) ?? (rest && inForm(rest)))
    : (inJson(start) ?? (rest && inJsonEnd(rest)));
  return found?.slice(0, longest);
}

/** As far as it can be unpacked, which its end need not be there for. */
function plain(bytes: Buffer): Buffer | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const isZstd = bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528;
  try {
    if (isGzip)
      return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most });
    if (!isZstd) return bytes;
    return zstdDecompressSync(bytes, {
      finishFlush: constants.ZSTD_e_continue,
      maxOutputLength: most,
    });
  } catch {
    return undefined;
  }
}

const token = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g;

function inJson(text: string): string | undefined {
  const names: string[] = [];
  let depth = 0;
  for (const [sign, value, colon] of text.matchAll(token))
    if (value === undefined) {
      depth += sign === "{" || sign === "[" ? 1 : -1;
      names[depth] = "";
    } else if (colon) names[depth] = value;
    else if (names[depth] !== "" && places.has(names.slice(1, depth + 1).join("."))) return value;
  return undefined;
}

/** A member of the outermost object: only its bracket is closed behind it. */
function inJsonEnd(text: string): string | undefined {
  for (const match of text.matchAll(/(?<!\\)"model"\s*:\s*"([^"\\]+)"/g)) {
    let depth = 0;
    for (const [sign, value] of text.slice(match.index + match[0].length).matchAll(token))
      if (value === undefined) depth += sign === "{" || sign === "[" ? 1 : -1;
    if (depth === -1) return match[1];
  }
  return undefined;
}

function inForm(text: string): string | undefined {
  return /\bname="?model"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]+)\r\n/i.exec(text)?.[1];
}

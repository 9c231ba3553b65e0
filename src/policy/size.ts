import type { Size } from "../exchange.ts";
import type { Named } from "./named.ts";

/** Bytes of text for a token: usually 3 to 5, in code and other scripts fewer. */
const bytesOfText = 2;

/** Bytes of an attached file for a token, and of sound, of which ten tokens last a second. */
const bytesOfFile = 20;
const bytesOfSound = 200;

/** Tokens of an image, or of what a request names and does not bring along. */
const each = 10_000;

/** What stands for something that is not in the body: earlier turns, stored files, URLs. */
const references = ['"previous_response_id"', '"conversation"', '"file_id"', '"http'];

/** Bytes from which on a run of base64 is taken for an attachment. */
const long = 1_000;

/** Whether a byte may stand in base64, whose slashes may be escaped. */
const isPacked = Array.from({ length: 256 }, (_, byte) =>
  /[\w+/\\-]/.test(String.fromCharCode(byte)),
);

/** How much a request asks for. `path` is comparable. */
export function sizeOf({ choices = 1, tier, bytes }: Named, path: string): Size {
  const inputTokens = bytes ? inputTokensOf(bytes, path) : 0;
  return { inputTokens, choices, ...(tier !== undefined && { tier }) };
}

/** An estimate on the high side of the tokens that a body is worth, without reading it as JSON. */
export function inputTokensOf(body: Buffer, path: string): number {
  if (body.subarray(0, 2).toString("latin1") === "--") {
    const isSound = path.startsWith("/audio/");
    return isSound ? tokens(body.length, bytesOfSound) : (1 + count(body, "filename=")) * each;
  }
  const bytesOf = body.includes('"input_audio"') ? bytesOfSound : bytesOfFile;
  let sum = 0;
  let read = body.length;
  for (const [start, end] of attachmentsIn(body)) {
    const before = body.toString("latin1", Math.max(0, start - 64), start);
    sum += before.includes("data:image/") ? each : tokens(end - start, bytesOf);
    read -= end - start;
  }
  for (const reference of references) sum += count(body, reference) * each;
  return sum + tokens(read, bytesOfText);
}

/** Where they begin and end. A long run has a byte at one of any places that are as far apart. */
function* attachmentsIn(body: Buffer): Generator<[start: number, end: number]> {
  let at = long - 1;
  while (at < body.length) {
    if (isPacked[body[at]!]) {
      let start = at;
      let end = at + 1;
      while (start > 0 && isPacked[body[start - 1]!]) start--;
      while (end < body.length && isPacked[body[end]!]) end++;
      if (end - start >= long) yield [start, end];
      at = end;
    }
    at += long;
  }
}

function tokens(bytes: number, bytesOfOne: number): number {
  return Math.ceil(bytes / bytesOfOne);
}

function count(body: Buffer, text: string): number {
  let found = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) found++;
  return found;
}

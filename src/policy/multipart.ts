import { checkCharset } from "./decode.ts";
import { Unreadable } from "./unreadable.ts";

/** A part of a form: its name, and its bytes as they are. */
export type Part = { name: string; content: Buffer };

// More than any form of OpenAI's has, and little enough to be read at once.
const largestHead = 8_192;
const longestName = 256;
const mostParts = 1_000;

// Names without "=": two ways to read one parameter would be 2^n ways to read n of them.
const type = /^multipart\/form-data((?:;[^;="]+=(?:"[^"\\]*"|[^;"]*))*)$/i;
const boundaryParameter = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))\s*/gi;

/** A head that every parser takes for the same: no escapes, no parameter twice, no folded line. */
const disposition = /^form-data((?:\s*;\s*[a-z*]+=(?:"[^"\\]*"|[^\s;"\\]+))+)\s*$/i;
const nameParameter = /;\s*name(\*?)=(?:"([^"]*)"|([^\s;"]+))/gi;

/**
 * The parts of a form (RFC 7578), or `Unreadable` where parsers could differ about them. Stricter than
 * any parser that is in use, so that the server reads the same parts.
 */
export function partsOf(contentType: string, body: Buffer): Part[] {
  const boundary = boundaryOf(contentType);
  const parts: Part[] = [];
  let from = -1;
  for (let at = body.indexOf(boundary); at >= 0; ) {
    const isFirst = from < 0;
    const start = at - 2;
    if (isFirst ? at !== 0 : body.toString("latin1", start, at) !== "\r\n")
      throw new Unreadable("its boundary stands where no part ends");
    if (!isFirst) parts.push(toPart(body.subarray(from, start)));
    if (parts.length > mostParts) throw new Unreadable(`it has more than ${mostParts} parts`);
    from = at + boundary.length + 2;
    const after = body.toString("latin1", from - 2, from);
    if (after === "--") {
      if (/^(?:\r\n)?$/.test(body.toString("latin1", from))) return parts;
      throw new Unreadable("something comes after its last part");
    }
    if (after !== "\r\n") throw new Unreadable("its boundary is the beginning of something longer");
    at = body.indexOf(boundary, from);
  }
  throw new Unreadable("its last part does not end");
}

function boundaryOf(contentType: string): string {
  const parameters = type.exec(contentType)?.[1] ?? "";
  const [first, ...more] = parameters.matchAll(boundaryParameter);
  const boundary = first?.[1] ?? first?.[2] ?? "";
  if (more.length > 0 || boundary === "" || /boundary\*/i.test(parameters))
    throw new Unreadable("its Content-Type names no boundary, or two");
  return `--${boundary}`;
}

function toPart(bytes: Buffer): Part {
  const end = bytes.subarray(0, largestHead).indexOf("\r\n\r\n");
  const lines = bytes.toString("utf8", 0, Math.max(end, 0)).split("\r\n");
  const headers = new Map(lines.map((line) => headerOf(line)));
  const [first, ...more] = [
    ...(disposition.exec(headers.get("content-disposition") ?? "")?.[1] ?? "").matchAll(
      nameParameter,
    ),
  ];
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  const isOdd = end < 0 || headers.size < lines.length || !/^(?:7bit|8bit|binary)$/i.test(encoding);
  if (isOdd || !first || first[1] !== "" || more.length > 0)
    throw new Unreadable("one of its parts has an unusual head");
  const name = first[2] ?? first[3] ?? "";
  if (name.length > longestName) throw new Unreadable("one of its parts has a long name");
  checkCharset(headers.get("content-type") ?? "");
  // It names the charset of all others (RFC 7578 section 4.6).
  if (/^_charset_$/i.test(name)) throw new Unreadable("it has a part named _charset_");
  return { name, content: bytes.subarray(end + 4) };
}

function headerOf(line: string): [name: string, value: string] {
  const [, name, value] = /^([!#-'*+.^`|~\w-]+):([^\r\n\0]*)$/.exec(line) ?? [];
  if (name === undefined) throw new Unreadable("one of its parts has an unusual head");
  return [name.toLowerCase(), value!.replace(/^[\t ]+/, "")];
}

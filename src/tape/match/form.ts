import { boundaryOf } from "../unbounded.ts";

/** A part of a form. The boundary, the order of unlike names and how a head is spelled say nothing. */
export type Part = { name: string; filename?: string; type?: string; content: Buffer };

const largestHead = 8_192;
const mostParts = 1_000;

/** The parts of a form (RFC 7578) by name; `undefined` where it is not plain what they are. */
export function partsOf(contentType: string, body: Buffer): Part[] | undefined {
  const named = boundaryOf(contentType);
  if (named === undefined) return undefined;
  const boundary = Buffer.from(`--${named}`);
  const parts: Part[] = [];
  if (!body.subarray(0, boundary.length).equals(boundary)) return undefined;
  const separator = Buffer.concat([Buffer.from("\r\n"), boundary]);
  for (let from = boundary.length; ; ) {
    if (body.toString("latin1", from, from + 2) === "--") break;
    const end = body.indexOf(separator, from);
    const part = end < 0 ? undefined : toPart(body.subarray(from, end));
    if (!part || parts.length >= mostParts) return undefined;
    parts.push(part);
    from = end + separator.length;
  }
  return parts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function toPart(bytes: Buffer): Part | undefined {
  const end = bytes.subarray(0, largestHead).indexOf("\r\n\r\n");
  const head = bytes.toString("utf8", 0, Math.max(end, 0));
  const disposition = /^content-disposition:([^\r\n]*)/im.exec(head)?.[1] ?? "";
  const type = /^content-type:[ \t]*([^\r\n;]*)/im.exec(head)?.[1]?.trim().toLowerCase();
  const name = parameterOf(disposition, "name");
  const filename = parameterOf(disposition, "filename");
  if (end < 0 || name === undefined) return undefined;
  return {
    name,
    ...(filename !== undefined && { filename }),
    ...(type !== undefined && { type }),
    content: bytes.subarray(end + 4),
  };
}

function parameterOf(disposition: string, name: string): string | undefined {
  const found = new RegExp(`;[ \\t]*${name}=(?:"([^"]*)"|([^\\s;"]+))`, "i").exec(disposition);
  return found?.[1] ?? found?.[2];
}

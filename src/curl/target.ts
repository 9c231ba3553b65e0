import type { Base } from "../forward/url.ts";
import { badUsage, CurlError } from "./failure.ts";

const scheme = /^[a-z][a-z0-9+.-]*:\/\//i;

/** `.` or `..` as a path segment, plain or encoded. */
const dotSegment = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/**
 * The path and query of what the user typed, byte for byte: a path, with or without `/v1`, or a URL
 * below one of the bases. Any other URL is refused, for the key would go with it.
 */
export function toTarget(text: string, bases: Base[]): string {
  const address = scheme.test(text) ? text : withScheme(text, bases);
  const path = address ? pathBelow(address, bases) : text;
  const target = (path.startsWith("/") ? path : `/${path}`).replace(/#.*$/s, "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a URL may not contain
  if (/[\x00-\x20\x7f]/.test(target)) throw new CurlError(3, "A URL contains no spaces: write %20");
  if (dotSegment.test(target)) throw new CurlError(3, 'No "." or ".." may be part of the path');
  return target.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

/** `api.openai.com/v1/models`: a URL without its scheme, as people type it. */
function withScheme(text: string, bases: Base[]): string | undefined {
  const host = text.split(/[/?#]/, 1)[0];
  const base = bases.find(({ origin }) => origin.replace(scheme, "") === host);
  return base && `${base.origin.match(scheme)}${text}`;
}

function pathBelow(text: string, bases: Base[]): string {
  if (!URL.canParse(text)) throw new CurlError(3, `Not a URL: ${text}`);
  const { origin, username, password } = new URL(text);
  if (username || password)
    throw badUsage("the relay's key goes along; no user belongs in the URL");

  const path = text.replace(scheme, "").replace(/^[^/?#]*/, "");
  const isBelow = (prefix: string) =>
    path.startsWith(prefix) && /^([/?#]|$)/.test(path.slice(prefix.length));
  const base = bases.find((base) => base.origin === origin && isBelow(base.prefix));
  if (base) return path.slice(base.prefix.length);
  const ours = bases.map(({ origin, prefix }) => origin + prefix).join(" or ");
  throw badUsage(`refused ${text}: the relay's key is for ${ours} (another one: --upstream)`);
}

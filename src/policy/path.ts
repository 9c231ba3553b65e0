/**
 * A path in the one spelling in which rules are compared with it: decoded, with single slashes, without
 * the `/v1` in front, in lower case. Rules are put into it as well. What goes upstream stays as it is.
 * `undefined`: two servers could take it for different paths.
 */
export function toComparable(path: string, versioned: boolean): string | undefined {
  const decoded = decode(path);
  if (decoded === undefined) return undefined;
  const plain = decoded
    // Parameters of a segment, which some servers ignore (RFC 3986 section 3.3).
    .replace(/;[^/\\]*/g, "")
    .replace(/[/\\]+/g, "/")
    .toLowerCase();
  const short = versioned ? plain.replace(/^(?:\/v1(?![^/*]))+/, "") : plain;
  return short.replace(/\/$/, "") || "/";
}

function decode(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    // Encoded twice, or an encoded end of the path.
    const isUnclear = decoded !== path && /%[0-9a-f]{2}|[\p{Cc}?#]/iu.test(decoded);
    return isUnclear ? undefined : decoded;
  } catch {
    return undefined;
  }
}

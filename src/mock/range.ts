/** A piece of a body: its first byte, and the one after its last. */
export type Range = { start: number; end: number };

/**
 * The piece that a `Range` header asks for (RFC 9110 section 14.1.2); `undefined`: all of it. Several ranges
 * and malformed ones are ignored, as that section allows; `null`: there is no such piece.
 */
export function rangeOf(header: string | undefined, size: number): Range | null | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") return pieceOf(Math.max(0, size - Number(last)), size, size);
  if (last === "") return pieceOf(Number(first), size, size);
  if (Number(last) < Number(first)) return undefined;
  return pieceOf(Number(first), Number(last) + 1, size);
}

function pieceOf(start: number, end: number, size: number): Range | null {
  return start < size ? { start, end: Math.min(end, size) } : null;
}

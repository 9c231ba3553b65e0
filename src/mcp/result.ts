/** Characters of an answer, unless more are asked for; and the most that may be. */
export const usualSize = 20_000;
export const largestSize = 100_000;

/** The answer of a tool, as JSON in a text. */
export function toResult(value: object): { content: { type: "text"; text: string }[] } {
  return { content: [{ type: "text", text: JSON.stringify(value) }] };
}

/** As many of `items` as have room in `size` characters, at least one. */
export function fitting<T>(items: readonly T[], size: number): T[] {
  let length = 0;
  const fit: T[] = [];
  for (const item of items) {
    length += JSON.stringify(item).length + 1;
    if (length > size && fit.length > 0) break;
    fit.push(item);
  }
  return fit;
}

/** A piece of a text, and where the next one begins. */
export function pageOf(text: string, offset: number, size: number) {
  const piece = text.slice(offset, offset + size);
  const next = offset + piece.length;
  return { text: piece, offset, total: text.length, ...(next < text.length && { next }) };
}

export function shortened(text: string, size: number): string {
  return text.length > size ? `${text.slice(0, size)}… (${text.length} characters)` : text;
}

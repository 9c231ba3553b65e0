import type { ReplaceRule } from "../../config/sections/tape-match.ts";

/** Characters that one `*` may stand for. */
const longest = 256;

const gap = /[\s"'<>]/;

/**
 * Replaces what a pattern names: its texts as they are, and for each `*` one character or more of a word.
 * No regular expression: whatever the pattern, it takes time in proportion to the text.
 */
export function replaceAll(text: string, { pattern, to }: ReplaceRule): string {
  const pieces = pattern.split(/\*+/);
  let result = "";
  let from = 0;
  for (let at = startOf(text, pieces, 0); at >= 0; ) {
    const end = endOf(text, pieces, at);
    if (end === undefined) at = startOf(text, pieces, at + 1);
    else {
      result += text.slice(from, at) + to;
      from = end;
      at = startOf(text, pieces, end);
    }
  }
  return result + text.slice(from);
}

/** Where the pattern may begin; one that begins with `*` does so with a word. */
function startOf(text: string, [first]: string[], from: number): number {
  if (first !== "") return text.indexOf(first!, from);
  for (let at = from; at < text.length; at++)
    if (!gap.test(text[at]!) && (at === 0 || gap.test(text[at - 1]!))) return at;
  return -1;
}

/** Where what begins at `start` ends; `undefined`: it is not what the pattern says. */
function endOf(text: string, [first, ...rest]: string[], start: number): number | undefined {
  let at = start + first!.length;
  for (const piece of rest) {
    const word = text.slice(at, at + longest).split(gap, 1)[0]!;
    if (word === "") return undefined;
    // At the end of the pattern, `*` takes the rest of the word.
    if (piece === "") at += word.length;
    else {
      const found = text.slice(at, at + word.length + piece.length).indexOf(piece, 1);
      if (found < 0) return undefined;
      at += found + piece.length;
    }
  }
  return at;
}

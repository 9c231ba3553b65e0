import { tokensIn } from "./speech.ts";

/** A text of at most so many tokens, and whether any had to go. */
export function cut(
  text: string,
  most: number | null | undefined,
): { text: string; isCut: boolean } {
  if (!most || text === "" || tokensIn(text) <= most) return { text, isCut: false };
  return { text: text.slice(0, 4 * most), isCut: true };
}

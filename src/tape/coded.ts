import type { Scrub } from "../scrub.ts";
import { decoded } from "./body.ts";
import type { Head, Line } from "./entry.ts";
import type { Piece } from "./slices.ts";

/**
 * A compressed answer as it came. Where something in it must be crossed out, it is recorded as if it had
 * come without compression, in one piece.
 */
export async function lookInto(
  answer: { lines: Line[]; pieces: Piece[] },
  coding: string,
  scrub: Scrub,
): Promise<{ lines: Line[]; pieces: Piece[] }> {
  const { lines, pieces } = answer;
  if (pieces.length === 0) return answer;
  const plain = await decoded(Buffer.concat(pieces.map(({ bytes }) => bytes)), coding);
  if (!plain) throw new Error(`its Content-Encoding (${coding}) cannot be looked into`);
  const text = plain.toString("latin1");
  const clean = scrub(text);
  if (clean === text) return answer;
  const bytes = Buffer.from(clean, "latin1");
  return {
    lines: lines.map((line) => ("status" in line ? uncoded(line, bytes.length) : line)),
    pieces: [{ ...pieces[0]!, bytes }],
  };
}

function uncoded(head: Head, length: number): Head {
  const headers = head.headers
    .filter(([name]) => !/^content-encoding$/i.test(name))
    .map(([name, value]): [string, string] => {
      return [name, /^content-length$/i.test(name) ? String(length) : value];
    });
  return { ...head, headers };
}

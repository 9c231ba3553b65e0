import { isUtf8 } from "node:buffer";
import type { Slice } from "../call.ts";
import type { Whole } from "./export.ts";

/** A call as a line of JSON: as `relay logs --json` has it, and of a captured one heads and slices. */
export function toLine({ call, heads, asked, answered }: Whole): string {
  const kept = heads && { heads, asked: asked.map(toJson), answered: answered.map(toJson) };
  return `${JSON.stringify({ ...call, ...kept })}\n`;
}

function toJson({ at, bytes, type }: Slice) {
  const buffer = Buffer.from(bytes);
  const content = isUtf8(buffer)
    ? { text: buffer.toString() }
    : { base64: buffer.toString("base64") };
  return { at, ...(type && { type }), ...content };
}

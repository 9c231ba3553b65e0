import type { Call } from "../../journal/call.ts";
import type { Reader } from "../../journal/reader.ts";
import { findCall } from "../../show/captured.ts";

/** The calls that were named; each by its place, its id, the beginning of one, or as `last`. */
export function findCalls(reader: Pick<Reader, "find">, ids: readonly string[]): Call[] {
  return ids.map((id) => findCall(reader, id));
}

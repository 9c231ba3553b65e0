import { UsageError } from "../../config/error.ts";
import type { Call } from "../../journal/call.ts";
import type { Reader } from "../../journal/reader.ts";

/** The calls that were named; each by its place, its id, the beginning of one, or as `last`. */
export function findCalls(reader: Pick<Reader, "find">, ids: readonly string[]): Call[] {
  return ids.map((id) => {
    const call = reader.find(id);
    if (!call) throw new UsageError(`No call in the journal is ${id}, or more than one.`);
    return call;
  });
}

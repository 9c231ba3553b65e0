import { createDecoder } from "../decoder.ts";
import type { HeaderList } from "../exchange.ts";
import { headerOf } from "../header-list.ts";
import type { Found } from "../usage/found.ts";
import { UsageTap } from "../usage/tap.ts";

/** Reads what an answer says about its cost while it passes as it is. */
export type Reading = {
  chunk(bytes: Buffer): void;
  /** Tells what was found: at once, unless the answer is packed. */
  end(tell: (found: Found) => void): void;
};

/** `undefined`: the answer is of a kind that says nothing. */
export function readingOf(headers: HeaderList): Reading | undefined {
  const [type = ""] = (headerOf(headers, "content-type") ?? "").toLowerCase().split(";");
  const isEvents = type.trim() === "text/event-stream";
  if (!isEvents && !/[/+]json$/.test(type.trim())) return undefined;
  const tap = new UsageTap(isEvents ? "events" : "json");
  const coding = (headerOf(headers, "content-encoding") ?? "").trim().toLowerCase();
  if (coding === "identity" || coding === "")
    return { chunk: (bytes) => tap.chunk(bytes), end: (tell) => tell(tap.found()) };

  const decoder = createDecoder(coding, (bytes) => tap.chunk(bytes));
  return (
    decoder && {
      chunk: decoder.write,
      end: (tell) => void decoder.end().then(() => tell(tap.found())),
    }
  );
}

import { headerOf } from "../header-list.ts";
import { placeOf } from "../journal/place.ts";
import { version } from "../version.ts";
import type { Status } from "./api.ts";
import type { Asked } from "./routes.ts";

export function toStatus({ exchange, visitor, config, journal }: Asked): Status {
  const host = headerOf(exchange.headers, "host") ?? `127.0.0.1:${visitor.port}`;
  return {
    version,
    url: `${visitor.isSecure ? "https" : "http"}://${host}/v1`,
    isCapturing: journal !== undefined && config.capture,
    ...(journal && { journal: placeOf(config) }),
    // The key of a call is not in the journal.
    maySend: config.auth !== "passthrough",
  };
}

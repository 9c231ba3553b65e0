import { headerOf } from "../header-list.ts";
import { version } from "../version.ts";
import type { Status } from "./api.ts";
import type { Asked } from "./routes.ts";

export function toStatus({ exchange, visitor, config }: Asked): Status {
  const host = headerOf(exchange.headers, "host") ?? `127.0.0.1:${visitor.port}`;
  return {
    version,
    url: `${visitor.isSecure ? "https" : "http"}://${host}/v1`,
    isCapturing: false,
    // The key of a call is not in the journal.
    maySend: config.auth !== "passthrough",
  };
}

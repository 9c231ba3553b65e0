import type { IncomingMessage } from "node:http";
import type { Reply } from "../exchange.ts";

/** Those of the relay's `Allow`: browsers ask before they use anything but GET, HEAD and POST. */
const methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY";

/** Grants an allowed web origin what its browser asks for; upstream does not hear of it. */
export function answerPreflight(req: IncomingMessage, reply: Reply, origin: string): void {
  const wanted = req.headers["access-control-request-headers"];
  const grants = ["Access-Control-Allow-Origin", origin, "Vary", "Origin"];
  grants.push("Access-Control-Allow-Methods", methods);
  if (wanted !== undefined) grants.push("Access-Control-Allow-Headers", wanted);
  if (req.headers["access-control-request-private-network"] === "true")
    grants.push("Access-Control-Allow-Private-Network", "true");
  reply.head(204, "No Content", [...grants, "Access-Control-Max-Age", "600"]);
}

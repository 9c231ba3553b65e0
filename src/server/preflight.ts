import type { IncomingMessage } from "node:http";
import type { Reply } from "../exchange.ts";

/** Grants an allowed web origin what its browser asks for; upstream does not hear of it. */
export function answerPreflight(req: IncomingMessage, reply: Reply, origin: string): void {
  const wanted = req.headers["access-control-request-headers"];
  const grants = ["Access-Control-Allow-Origin", origin, "Vary", "Origin"];
  grants.push("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (wanted !== undefined) grants.push("Access-Control-Allow-Headers", wanted);
  if (req.headers["access-control-request-private-network"] === "true")
    grants.push("Access-Control-Allow-Private-Network", "true");
  reply.head(204, "No Content", [...grants, "Access-Control-Max-Age", "600"]);
}

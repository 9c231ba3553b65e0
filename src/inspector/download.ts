import type { Reply } from "../exchange.ts";
import { pageHeaders } from "../server/page.ts";

const sandboxed = pageHeaders.map((value, i) =>
  pageHeaders[i - 1] === "Content-Security-Policy" ? "sandbox; default-src 'none'" : value,
);

/** Begins an answer that a browser saves, and never shows: what calls hold is no part of the page. */
export function download(reply: Reply, name: string, type: string): void {
  const file = name.replace(/[^\w.-]/g, "_");
  const disposition = `attachment; filename="${file}"`;
  reply.head(200, "OK", ["Content-Type", type, "Content-Disposition", disposition, ...sandboxed]);
}

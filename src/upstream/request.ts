import type { Readable } from "node:stream";
import type { HeaderList } from "../exchange.ts";
import { toHeaderLines } from "../header-list.ts";
import type { Switch } from "./answer-reader.ts";

/** A request as it goes upstream. */
export type UpstreamRequest = {
  method: string;
  path: string;
  /** Without `Host`, `Connection` and `Transfer-Encoding`, which are the connection's own. */
  headers: HeaderList;
  body: Buffer | Readable | null;
  /** Whether the body goes in chunks: its length is not among the headers. */
  isChunked: boolean;
  switch?: Switch;
};

const connectionLines = {
  none: "Connection: keep-alive\r\n",
  websocket: "Connection: Upgrade\r\nUpgrade: websocket\r\n",
  tunnel: "",
};

/** What would end the head early, or become other bytes in latin-1 (RFC 9110 section 5.5). */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/;

/** The head of a request as latin-1 text (RFC 9112 section 3). Throws where a line would become two. */
export function toRequestHead(request: UpstreamRequest, host: string): string {
  const { method, path, headers, isChunked } = request;
  for (const part of headers) if (forbidden.test(part)) throw unsendable();
  if (forbidden.test(path) || !/^[A-Z-]+$/i.test(method)) throw unsendable();
  const own = `Host: ${host}\r\n${connectionLines[request.switch ?? "none"]}`;
  const coding = isChunked ? "Transfer-Encoding: chunked\r\n" : "";
  return `${method} ${path} HTTP/1.1\r\n${own}${toHeaderLines(headers)}${coding}\r\n`;
}

function unsendable(): Error {
  return new Error("A request line or header has characters that cannot be sent.");
}

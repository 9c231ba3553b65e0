import { isUtf8 } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { Content, Entry, Header, PostData, Request, Response, Timings } from "har-format";
import type { Call, HeaderPairs, Slice } from "../call.ts";
import type { Whole } from "./export.ts";

/** What Chrome writes of a message of a WebSocket: seconds since 1970, `data` in base64 where it is binary. */
type SocketMessage = { type: "send" | "receive"; time: number; opcode: number; data: string };

/** An entry with what Chrome adds to the format. */
export type ChromeEntry = Entry & {
  _resourceType: "websocket" | "fetch";
  _webSocketMessages?: SocketMessage[];
};

/** A call as an entry of an HTTP archive (HAR 1.2). What was not kept is empty, and says so. */
export function toEntry(whole: Whole): ChromeEntry {
  const { call, heads } = whole;
  const isSocket = call.kind === "websocket";
  return {
    startedDateTime: new Date(call.startedAt).toISOString(),
    time: call.times.end ?? 0,
    request: toRequest(whole),
    response: toResponse(whole),
    cache: {},
    timings: toTimings(call),
    connection: String(call.relay.number),
    _resourceType: isSocket ? "websocket" : "fetch",
    ...(isSocket && heads && { _webSocketMessages: toMessages(whole) }),
    comment: commentOf(call),
  };
}

function toRequest({ call, heads, asked }: Whole): Request {
  const url = new URL(heads?.target ?? call.path, call.relay.url);
  if (call.kind === "websocket") url.protocol = url.protocol.replace("http", "ws");
  const body = call.kind === "websocket" ? [] : asked;
  return {
    method: call.method,
    url: url.href,
    httpVersion: "HTTP/1.1",
    cookies: [],
    headers: toHeaders(heads?.asked),
    queryString: [...url.searchParams].map(([name, value]) => ({ name, value })),
    ...(body.length > 0 && { postData: toPostData(join(body), heads?.asked) }),
    headersSize: -1,
    bodySize: call.bytesIn,
  };
}

function toResponse({ call, heads, answered }: Whole): Response {
  const body = call.kind === "websocket" ? [] : answered;
  return {
    status: call.status,
    statusText: heads?.reason ?? STATUS_CODES[call.status] ?? "",
    httpVersion: "HTTP/1.1",
    cookies: [],
    headers: toHeaders(heads?.answered),
    content: toContent(join(body), call, heads?.answered),
    redirectURL: headerIn(heads?.answered, "location") ?? "",
    headersSize: -1,
    bodySize: call.bytesOut,
    ...(call.error !== undefined && { _error: call.error }),
  };
}

function toContent(bytes: Buffer, call: Call, headers: HeaderPairs | undefined): Content {
  const mimeType = headerIn(headers, "content-type") ?? "";
  const size = bytes.length || call.bytesOut;
  if (bytes.length === 0) return { size, mimeType };
  if (isUtf8(bytes)) return { size, mimeType, text: bytes.toString() };
  return { size, mimeType, text: bytes.toString("base64"), encoding: "base64" };
}

/** The format has no encoding for what a request holds: Chrome writes its bytes as latin-1, too. */
function toPostData(bytes: Buffer, headers: HeaderPairs | undefined): PostData {
  const mimeType = headerIn(headers, "content-type") ?? "";
  return { mimeType, text: bytes.toString(isUtf8(bytes) ? "utf8" : "latin1") };
}

function toTimings({ times }: Call): Timings {
  const { sent = 0, connect, head, end = 0 } = times;
  const answered = head ?? end;
  return {
    blocked: rounded(sent - (connect ?? 0)),
    connect: connect ?? -1,
    send: 0,
    wait: rounded(answered - sent),
    receive: rounded(end - answered),
  };
}

function rounded(ms: number): number {
  return Math.max(0, Math.round(ms * 100) / 100);
}

function toMessages({ call, asked, answered }: Whole): SocketMessage[] {
  const of = (type: SocketMessage["type"], slices: readonly Slice[]) =>
    slices.map((slice) => toMessage(type, slice, call.startedAt));
  return [...of("send", asked), ...of("receive", answered)].sort((a, b) => a.time - b.time);
}

function toMessage(
  type: SocketMessage["type"],
  { at, bytes, type: kind }: Slice,
  startedAt: number,
): SocketMessage {
  const opcode = kind === "text" ? 1 : kind === "close" ? 8 : 2;
  const data = Buffer.from(bytes).toString(opcode === 1 ? "utf8" : "base64");
  return { type, time: (startedAt + at) / 1000, opcode, data };
}

/** What the format has no place for. */
function commentOf({ id, model, tag, ending, usage, cost }: Call): string {
  return JSON.stringify({ id, model, tag, ending, usage, cost });
}

function toHeaders(pairs: HeaderPairs = []): Header[] {
  return pairs.map(([name, value]) => ({ name, value }));
}

function headerIn(pairs: HeaderPairs = [], name: string): string | undefined {
  return pairs.find(([line]) => line.toLowerCase() === name)?.[1];
}

function join(slices: readonly Slice[]): Buffer {
  return Buffer.concat(slices.map(({ bytes }) => bytes));
}

import type { HeaderList } from "../exchange.ts";
import { remembering } from "../header-list.ts";

/** The head of an answer, and what it says about the body that follows. */
export type AnswerHead = {
  status: number;
  reason: string;
  /** All header lines, as received. */
  headers: HeaderList;
  /** Bytes of the body, -1 where it is chunked, `undefined` where the connection's end ends it. */
  length: number | undefined;
  /** Milliseconds that the connection may idle after this answer; 0: it closes. */
  idleMs: number;
};

/** An answer that is not proper HTTP/1.1: nobody can tell where it ends, or what it says. */
export class MalformedAnswer extends Error {
  override name = "MalformedAnswer";
}

/** The least that an answer begins with. */
export const prefix = "HTTP/1.";

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;

/** Bytes that stand nowhere in a head, and line ends that some would take for one and some not (RFC 9112 section 2.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

/** RFC 9110 section 5.6.2. */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** Shorter than the idle limit of servers that do not announce one, so that we close first. */
const usualIdleMs = 15_000;

/** What `Connection` says of the connection itself (RFC 9112 section 9.3). */
const closes = /,\s*close\s*(?:,|$)/i;
const keepsAlive = /,\s*keep-alive\s*(?:,|$)/i;

type Line = "other" | "length" | "coding" | "connection" | "keepAlive" | "malformed";

const known = new Map<string, Line>([
  ["content-length", "length"],
  ["transfer-encoding", "coding"],
  ["connection", "connection"],
  ["keep-alive", "keepAlive"],
]);

const lineOf = remembering<Line>((name) =>
  token.test(name) ? (known.get(name) ?? "other") : "malformed",
);

/**
 * Reads a head, without the empty line that ends it (RFC 9112 sections 4 and 5). Throws `MalformedAnswer`
 * where two readers could come to two answers.
 */
export function parseHead(text: string): AnswerHead {
  if (forbidden.test(text)) throw new MalformedAnswer("a forbidden character in the head");
  let end = text.indexOf("\r\n");
  const start = statusLine.exec(end < 0 ? text : text.slice(0, end));
  if (!start) throw new MalformedAnswer("no status line");

  const isOld = start[1] === "0";
  const headers: HeaderList = [];
  let length: string | undefined;
  let coding: string | undefined;
  let connection = "";
  let idleMs = usualIdleMs;
  while (end >= 0) {
    const from = end + 2;
    end = text.indexOf("\r\n", from);
    const line = end < 0 ? text.slice(from) : text.slice(from, end);
    const colon = line.indexOf(":");
    if (colon <= 0) throw new MalformedAnswer("a header line without a name");
    const name = line.slice(0, colon);
    const value = valueIn(line, colon + 1);
    switch (lineOf(name)) {
      case "malformed":
        throw new MalformedAnswer("a malformed header name");
      case "length":
        if (length !== undefined) throw new MalformedAnswer("two Content-Length");
        length = value;
        break;
      case "coding":
        if (coding !== undefined) throw new MalformedAnswer("two Transfer-Encoding");
        coding = value;
        break;
      case "connection":
        connection += `,${value}`;
        break;
      case "keepAlive":
        idleMs = idleTime(value);
    }
    headers.push(name, value);
  }
  const keeps = !closes.test(connection) && (!isOld || keepsAlive.test(connection));
  return {
    status: Number(start[2]),
    reason: start[3] ?? "",
    headers,
    length: lengthOf(length, coding, isOld),
    idleMs: keeps ? idleMs : 0,
  };
}

/** Reads the trailer section, without the empty line that ends it (RFC 9112 section 7.1.2). */
export function parseTrailers(text: string): HeaderList {
  return parseHead(`${prefix}1 200\r\n${text}`).headers;
}

/** Without the white space in front of a value; what follows it passes as it came. */
function valueIn(line: string, from: number): string {
  let start = from;
  while (isSpace(line.charCodeAt(start))) start++;
  return line.slice(start);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Where the body ends (RFC 9112 section 6.3). */
function lengthOf(
  length: string | undefined,
  coding: string | undefined,
  isOld: boolean,
): number | undefined {
  if (coding !== undefined) {
    // Without its header nobody could undo another coding. With a tab behind it some take it for one.
    if (!/^chunked *$/i.test(coding) || isOld)
      throw new MalformedAnswer("a transfer coding that nobody had asked for");
    if (length !== undefined) throw new MalformedAnswer("Content-Length beside Transfer-Encoding");
    return -1;
  }
  if (length === undefined) return undefined;
  if (!/^\d{1,15}[\t ]*$/.test(length)) throw new MalformedAnswer("a malformed Content-Length");
  return Number(length);
}

/** What `Keep-Alive: timeout=…` leaves, with a second for the way. */
function idleTime(value: string): number {
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(value)?.[1];
  if (seconds === undefined) return usualIdleMs;
  return Math.max(0, Math.min(usualIdleMs, Number(seconds) * 1_000 - 1_000));
}

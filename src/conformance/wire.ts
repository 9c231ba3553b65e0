/** A header line as it stood on the wire, as latin-1: name, and everything after the colon. */
export type Line = [name: string, value: string];

/** How a message says where its body ends (RFC 9112 section 6.3). */
export type Framing = "none" | "length" | "chunked" | "close";

/** A message as it came over a connection, nothing normalised. */
export type Message = {
  /** Request line or status line. */
  first: string;
  lines: Line[];
  framing: Framing;
  /** The values of Content-Length. */
  lengths: string[];
  body: Buffer;
  /** Offsets in the body at which a chunk ended. */
  marks: number[];
  trailers: Line[];
  /** Whether the message came to its own end. */
  whole: boolean;
};

/** The values of a header without the white space around them (RFC 9112 section 5.1). */
export function valuesOf(lines: readonly Line[], lowerCasedName: string): string[] {
  return lines.filter(([name]) => name.toLowerCase() === lowerCasedName).map(([, v]) => trimmed(v));
}

/** A header value without optional white space: spaces and tabs, nothing else. */
export function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** Whether a message says that its connection ends with it. */
export function asksToClose(lines: readonly Line[]): boolean {
  return valuesOf(lines, "connection").some((value) => /close/i.test(value));
}

/**
 * One exchange on a tape, a line of JSON each: first what was asked, last how it ended. The words of
 * recording, replay, matching and `relay tape`.
 */
export type Line = Asked | Interim | Head | Slice | Message | End;

/** The version of the format, in the first line of every file. */
export const version = 1;

/** The first line: the request. */
export type Asked = {
  tape: typeof version;
  method: string;
  /** As OpenAI has it: `/v1/…`, whether the client wrote `/v1` or not. */
  path: string;
  /** What follows the `?`, as it was sent; absent when there is none. */
  query?: string;
  /** A WebSocket handshake. */
  upgrade?: true;
  /** SHA-256 of the exact request, in hex; the file's name has its beginning. */
  digest: string;
  /** ISO 8601. */
  recorded: string;
  /** Only names that `keptFromRequests` lists; in lower case. */
  headers: HeaderPairs;
  body?: Body;
  /** Imported: it answers whatever meets all of this, where nothing was recorded of the request. */
  when?: When;
};

/** What a request must say to be answered by an exchange that nobody recorded. */
export type When = {
  model?: string;
  stream?: boolean;
  /** In the text of the last message of the user. */
  user?: string;
  /** In the instructions and system messages, all of them. */
  system?: string[];
  /** In the texts to embed. */
  input?: string;
  /** The name of a tool that is offered. */
  tool?: string;
  /** The call that the last result of a tool is for. */
  call?: string;
  /** In the last message, which is the result of a tool. */
  result?: string;
  /** Whether a result of a tool follows the last message of the user. */
  hasResult?: boolean;
  /** Messages of the assistant so far. */
  turn?: number;
  /** The type of the format that is asked for. */
  format?: string;
};

export type HeaderPairs = [name: string, value: string][];

/**
 * A request's body, decoded where Content-Encoding is known; large ones by length and digest only: of a form
 * without its boundary.
 */
export type Body = { bytes: number } & (
  | { json: unknown }
  | { text: string }
  | { base64: string }
  | { sha256: string }
);

/** An interim answer, such as 103. `at`, here and below: milliseconds since the request came. */
export type Interim = { at: number; interim: number; reason: string; headers: HeaderPairs };

/** The head of the answer; of a WebSocket 101. */
export type Head = { at: number; status: number; reason: string; headers: HeaderPairs };

/** What came in one piece. Base64 where it is not UTF-8 by itself. */
export type Slice = { at: number } & Bytes;

export type Bytes = { text: string } | { base64: string };

/** A frame of a WebSocket (RFC 6455): a message in one piece, a part of one, or the close. */
export type Message = { at: number; from: "client" | "server" } & (Said | Ping | Close);

export type Said = Bytes & {
  /** A binary message; else it is a text, also where a part of it is not UTF-8 by itself. */
  binary?: true;
  /** More of the same message follows. */
  more?: true;
  /** It is not the first part of its message. */
  rest?: true;
};

/** From the server only, in latin-1; a client's are answered live, and not recorded. */
export type Ping = { ping: string };

export type Close = { close: number | null; reason: string };

/** `reset` and `truncated`: OpenAI's side broke off; `client_left`: the client did. */
export type End = { at: number; end: Finish; trailers?: HeaderPairs };

export type Finish = "complete" | "reset" | "truncated" | "client_left";

/** A whole exchange. */
export type Entry = {
  asked: Asked;
  interim: Interim[];
  head: Head;
  /** In order; messages where it was a WebSocket. */
  parts: (Slice | Message)[];
  end: End;
};

/** The request headers that a tape keeps: nothing that carries a credential can ever be among them. */
export const keptFromRequests = [
  "accept",
  "content-encoding",
  "content-type",
  "if-none-match",
  "openai-beta",
  "range",
] as const;

/** The rules by which a request finds an exchange that was not recorded of the very same bytes. */
export type Matcher = {
  /** The same text for all requests that the rules take for the same. */
  keyOf(asked: Asked): string;
  /** Whether a request of this method and path meets what `when` of a recording says. */
  meets(asked: Asked, recorded: Asked): boolean;
  /** Whether a client's message is what was recorded; both are the text or the bytes of the message. */
  sameMessage(recorded: string | Buffer, sent: string | Buffer): boolean;
  /** Names the most similar exchange and says how the request differs from it, for people. */
  explain(asked: Asked, recorded: readonly Recorded[]): string;
};

/** What is known of a file without reading more than its first line. */
export type Recorded = { name: string; asked: Asked };

import type { Duplex, Readable } from "node:stream";
import type { RelayError } from "./errors.ts";
import type { Found } from "./usage/found.ts";

/**
 * Header lines in wire order: name, value, name, value, … Names keep their case, values are latin-1
 * strings, duplicates stay apart (RFC 9110 section 5.3).
 */
export type HeaderList = string[];

/** One request on its way: what the client asked, and who it is. */
export type Exchange = {
  /** Unique while the process lives; in the log line. */
  readonly id: string;
  method: string;
  /** Path and query, byte for byte as the client sent them, unless `rewrite` says otherwise. */
  target: string;
  /** Every header line as it arrived. */
  headers: HeaderList;
  /** Whole when it came in one piece with the head, else a stream; `null` when there is none. */
  body: Buffer | Readable | null;
  /** Declared length of the body in bytes; `undefined` when it is chunked or absent. */
  readonly bodyLength: number | undefined;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt: number;
  /** Body bytes received so far. */
  bytesIn: number;
  /** When it went to a connection to OpenAI, the last time, on the clock of `performance.now()`. */
  sentAt?: number;
  /** Milliseconds that opening this connection took; `undefined`: it was open. */
  connectMs?: number | undefined;
  /** The name of the client token that let this request in. */
  client?: string;
  /** The name of the key that it goes up with, where `keys` gives more than one. */
  key?: string;
  /** Set before the request is answered, and only where a setting asks what it names. */
  fields?: Fields;
  /** What the faults did to it, where `fault` is set: for those who grade its client. */
  trial?: Trial;
  /** What its answer says about its cost, where the client is not shown all of it (`includeUsage`). */
  usage?: Found;
};

/** What a request names in its path, its query or its body. */
export type Fields = {
  /** The model; where several are named, the one that names the operation's. */
  model?: string;
  /** The most output tokens that it asks for; what is no number counts as infinitely many. */
  maxOutputTokens?: number;
  /** What else its cost depends on, where there are budgets. */
  size?: Size;
};

/** How much a request asks for. */
export type Size = {
  /** An estimate of its input, on the high side. */
  inputTokens: number;
  /** Answers, each of which may have `maxOutputTokens`. */
  choices: number;
  /** The tier that it asks to be served in. */
  tier?: string;
};

/** What the faults did to an exchange. */
export type Trial = {
  /** Stands for the request's body, as far as it has come; the same for the same JSON. */
  digest(): string;
  /** The name of the fault that was chosen for it. */
  fault?: string;
  /** When it struck, on the clock of `performance.now()`; `undefined`: it has not, or not yet. */
  struckAt?: number;
};

/** How an exchange came to its end. `refused` is the relay's own error, whole. */
export type Ending = "complete" | "client_left" | "upstream_broke" | "refused";

/**
 * Where an answer goes, a step at a time: `inform`* `head` `data`* `end`, or `fail` at any point.
 * Nothing that is called after the end, or after the client left, has any effect.
 */
export interface Reply {
  /** True once a head has been given: from there on a failure can only cut the connection. */
  readonly started: boolean;
  /** True once the client has left or the answer has ended. */
  readonly over: boolean;
  /** An interim answer (1xx but 100 and 101). */
  inform(status: number, reason: string, headers: HeaderList): void;
  head(status: number, reason: string, headers: HeaderList): void;
  /** A slice of the body, sent on at once. `false`: hold back until `onDrain`. */
  data(chunk: Buffer): boolean;
  end(trailers?: HeaderList): void;
  /** Before the head: an error in OpenAI's shape. After it: the connection is cut (RFC 9112 section 8). */
  fail(error: RelayError): void;
  onDrain: (() => void) | null;
  /** Called once when the client leaves before the end, or somebody calls `fail`. */
  onGone: (() => void) | null;
}

/** Everything that can answer: forwarding, the mock, and whatever is wrapped around them. */
export type Answerer = (exchange: Exchange, reply: Reply) => void;

/** A reply to a request that wants to switch protocols: it may become a tunnel instead of an answer. */
export interface UpgradeReply extends Reply {
  /** Answers 101 with `headers`; from there on bytes are copied both ways, as they are. */
  tunnel(headers: HeaderList, upstream: Duplex): void;
}

/** Everything that can answer a WebSocket handshake. */
export type Upgrader = (exchange: Exchange, reply: UpgradeReply) => void;

/** What became of an exchange, for those who watch. */
export type Outcome = {
  ending: Ending;
  /** 0 when no head was sent. */
  status: number;
  bytesOut: number;
  /** Milliseconds from the request to the first byte of the head; `undefined` when none was sent. */
  firstByteMs: number | undefined;
  durationMs: number;
  error?: RelayError;
};

/** Everything that watches and never touches. */
export type Observer = {
  asked?(exchange: Exchange): void;
  /** A piece of the request's body has arrived. */
  received?(exchange: Exchange, piece: Buffer): void;
  answered?(exchange: Exchange, status: number, headers: HeaderList): void;
  chunk?(exchange: Exchange, chunk: Buffer): void;
  /** What a side has said after a 101, before it goes on. */
  passed?(exchange: Exchange, from: "client" | "upstream", bytes: Buffer): void;
  ended?(exchange: Exchange, outcome: Outcome): void;
};

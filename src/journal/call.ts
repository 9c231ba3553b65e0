import type { Ending } from "../exchange.ts";
import type { Cost, Usage } from "../usage/usage.ts";

/** One exchange as the journal keeps it; people call it a call. */
export type Call = {
  /** Its place in this journal, in the order in which calls were first written. */
  seq: number;
  /** The exchange's id, as in the log line. */
  id: string;
  /** Which relay it went through. */
  relay: Relay;
  kind: "http" | "websocket";
  /** Milliseconds since 1970. */
  startedAt: number;
  method: string;
  /** Without the query; what could be a secret is crossed out. */
  path: string;
  /** The model that was asked for; where that was not read, the one that answered. */
  model?: string;
  /** The name of the client token. */
  client?: string;
  /** What the client said in `x-relay-tag`. */
  tag?: string;
  /** The id of the call that this one sends again. */
  again?: string;
  /** Whether the answer is a stream of events. */
  isStream: boolean;
  /** 0: no head yet, or none came. */
  status: number;
  /** `undefined` while it runs; `lost`: its relay ended before it did. */
  ending?: Ending | "lost";
  /** The code of the relay's own error. */
  error?: string;
  errorMessage?: string;
  bytesIn: number;
  bytesOut: number;
  /** Pieces of the answer as they came; of a WebSocket, reads of both sides. */
  slices: number;
  times: Times;
  /** `undefined`: an operation that counts no tokens, or no end yet. */
  usage?: Usage;
  /** `undefined` where `usage` is. */
  cost?: Cost;
  /** Whether bodies and slices are there. */
  isCaptured: boolean;
};

/** Milliseconds from the start of a call; `undefined`: not (yet) reached, or not known. */
export type Times = {
  /** The request went to a connection to OpenAI; before, it waited. */
  sent?: number;
  /** Of that, what it took to open a connection; `undefined`: an open one was used. */
  connect?: number;
  /** The head of the answer. */
  head?: number;
  /** The first slice of the body. */
  firstSlice?: number;
  lastSlice?: number;
  /** The longest silence between two slices: how long, and where it began. */
  longestGap?: number;
  gapAt?: number;
  end?: number;
};

/** A process that writes calls down. */
export type Relay = {
  /** Its number in this journal. */
  number: number;
  pid: number;
  startedAt: number;
  /** `start`, or the command that `relay run` ran, in a few words. */
  command: string;
  /** The base URL for clients. */
  url: string;
};

/** Header lines as name and value; credentials are not among them. */
export type HeaderPairs = [name: string, value: string][];

/** Heads of a captured call. */
export type Heads = {
  /** Path and query as sent. */
  target: string;
  asked: HeaderPairs;
  reason?: string;
  answered?: HeaderPairs;
};

/** Who said it: of a WebSocket, frames' payloads after the handshake; else the two bodies. */
export type Side = "asked" | "answered";

/** A slice of a captured body, or a message of a WebSocket. */
export type Slice = {
  /** Milliseconds from the start of the call. */
  at: number;
  bytes: Uint8Array;
  /** Only of a message of a WebSocket. */
  type?: "text" | "binary" | "close";
};

/** What is looked for; all that is given must hold. */
export type Filter = {
  /** Text in path, model, id, tag, error or command. */
  text?: string;
  model?: string;
  /** An operation's path; `*` stands for anything. */
  path?: string;
  /** `2xx`, `429`, `error` (4xx, 5xx or a broken ending). */
  status?: string;
  client?: string;
  tag?: string;
  /** Part of the relay's command. */
  command?: string;
  /** Milliseconds since 1970. */
  since?: number;
  until?: number;
  isRunning?: boolean;
};

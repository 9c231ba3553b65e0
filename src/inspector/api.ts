import type { Call, Heads } from "../journal/call.ts";

// What the page and the relay say to each other; all paths are below `/_relay/`.

/** `GET api/status` */
export type Status = {
  version: string;
  /** The base URL for clients. */
  url: string;
  /** Whether bodies are kept. */
  isCapturing: boolean;
  /** Where calls are kept: a file, `:memory:`, or `undefined`: nowhere. */
  journal?: string;
  /** Whether calls may be sent again from the page. */
  maySend: boolean;
};

/** `GET api/calls?<Filter>&before=SEQ&limit=N`, the newest first. */
export type Calls = { calls: Call[] };

/** `GET api/calls/ID` */
export type CallDetail = { call: Call; heads?: Heads };

/** `GET api/calls/ID/slices?side=asked|answered&after=N` */
export type Slices = {
  slices: {
    at: number;
    type?: "text" | "binary" | "close";
    /** In base64. */
    bytes: string;
  }[];
  /** What to give as `after` next time. */
  last: number;
};

// `GET api/calls/ID/body?side=asked|answered`: the whole body, its Content-Encoding undone, as a download.
// `GET api/export?format=har|jsonl&<Filter>` (or `&id=ID`): a download.

/** `POST api/send`, in JSON: sends a call again, edited or not. The answer is in the journal. */
export type Send = {
  /** The call that it was. */
  again: string;
  method: string;
  /** Path and query. */
  target: string;
  headers: [name: string, value: string][];
  /** In base64. */
  body: string;
};

/** The answer to it: the id of the new call. */
export type Sent = { id: string };

// `POST api/logout`: this browser needs another link.

/**
 * `GET events`, an event stream: each event holds calls that are new or have changed from then on. It ends
 * for a reader that does not keep up: whoever opens one anew asks for the list again.
 */
export type News = { calls: Call[] };

import type { Config } from "../config/settings.ts";
import type { Call, Relay } from "./call.ts";
import type { Packed } from "./note.ts";
import type { Pieces } from "./pieces.ts";

/** What the thread is given when it begins. */
export type Given = {
  file: string;
  config: Config;
  relay: Omit<Relay, "number">;
};

/** What happened in a few milliseconds. */
export type Batch = {
  notes: Packed;
  pieces?: Pieces;
  /** What it takes of the room that there is for what waits. */
  size: number;
  /** Keys and tokens in use, where they are others than before: nothing is written with them in it. */
  secrets?: string[];
};

export type ToThread =
  | { batch: Batch }
  | { ask: string; id: number; args: unknown[] }
  | { follow: boolean }
  | { close: true };

export type ToMain =
  /** The size of a batch that waits no more. */
  | { taken: number }
  | { answer: number; value?: unknown; trouble?: string }
  | { calls: Call[] }
  | { say: string }
  | { closed: true };

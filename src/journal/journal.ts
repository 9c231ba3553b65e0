import type { Observer } from "../exchange.ts";
import type { MetricsQuestions } from "../metrics/extension.ts";
import type { Call, Filter, Heads, Side } from "./call.ts";
import type { Part } from "./reader.ts";

/** What the journal itself can be asked. */
export type JournalQuestions = {
  list(filter: Filter, page: { before?: number; limit: number }): Call[];
  find(id: string): Call | undefined;
  heads(seq: number): Heads | undefined;
  slices(seq: number, side: Side, after?: number): Part;
};

/** What can be asked of a running relay's journal; its thread answers. */
export type Questions = JournalQuestions & MetricsQuestions;

/** The journal of a relay, as the relay sees it: all of its work is done in a thread. */
export type Journal = {
  /** The relay serves now, at this base URL for clients. */
  begin(url: string): void;
  /** Tells the thread of every exchange, in batches. */
  readonly observer: Observer;
  ask<K extends keyof Questions>(
    question: K,
    ...args: Parameters<Questions[K]>
  ): Promise<Awaited<ReturnType<Questions[K]>>>;
  /**
   * Tells of calls that are new or have changed, through this relay or another one that writes to the
   * same file: soon after it happened, many in one. Returns what ends that.
   */
  follow(hear: (calls: Call[]) => void): () => void;
  /** How often there was no room for bodies or calls that waited for the thread. */
  readonly lost: number;
  /** Writes what is left. */
  close(): Promise<void>;
};

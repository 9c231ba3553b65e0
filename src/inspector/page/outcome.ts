import type { Call } from "../../journal/call.ts";

/** What became of a call in a word, and how it looks. */
export type Outcome = { tone: "running" | "good" | "warn" | "bad"; word: string };

export function outcomeOf({ status, ending, error }: Call): Outcome {
  if (ending === undefined) return { tone: "running", word: status ? "streaming" : "waiting" };
  if (ending === "lost") return { tone: "warn", word: "lost: its relay ended first" };
  if (ending === "client_left") return { tone: "warn", word: "client left" };
  if (ending === "upstream_broke") return { tone: "bad", word: "upstream broke" };
  if (ending === "refused") return { tone: "bad", word: error ?? "refused" };
  if (status >= 500) return { tone: "bad", word: "server error" };
  if (status >= 400) return { tone: "bad", word: "client error" };
  return { tone: "good", word: "complete" };
}

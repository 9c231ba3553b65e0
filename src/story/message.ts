/** What an answer says, put together from its events or its body. It grows as they come. */
export type Message = {
  /** What came, in the order in which it began. */
  items: Item[];
  model?: string;
  id?: string;
  /** Why it ended: a finish reason, or the status of a response or run. */
  finish?: string;
  error?: { message: string; code?: string; type?: string };
  /** As it stands in the answer. */
  usage?: unknown;
  /** Whether the end came that the API promises; of a stream, its closing event. */
  isClosed: boolean;
  /** What could not be read, in words. */
  problems: string[];
};

/** One thing that was said. `key` stays the same while it grows. */
export type Item = Words | ToolCall | Media;

export type Words = {
  kind: "text" | "reasoning" | "refusal" | "transcript" | "heard";
  key: string;
  /** Of several choices, which; else 0. */
  choice: number;
  text: string;
};

export type ToolCall = {
  kind: "call";
  key: string;
  choice: number;
  id?: string;
  /** The function's or the tool's name. */
  name: string;
  /** Mostly JSON. */
  arguments: string;
  /** What a tool that the API runs itself came back with. */
  output?: string;
};

export type Media = {
  kind: "image" | "audio" | "video" | "file";
  key: string;
  choice: number;
  mime: string;
  /** Each valid base64 by itself; see `bytesOf`. */
  base64: string[];
  /** Instead of base64, where the body is the picture or the sound. */
  bytes?: Uint8Array;
  /** Instead of either. */
  url?: string;
  /** A picture that a better one will follow. */
  isPartial?: true;
};

export function createMessage(): Message {
  return { items: [], isClosed: false, problems: [] };
}

/** All that was said, as plain text; the words of the model only. */
export function wordsOf({ items }: Message): string {
  const words = items.flatMap((item) => {
    return item.kind === "text" || item.kind === "refusal" || item.kind === "transcript"
      ? [item.text]
      : [];
  });
  return words.filter((text) => text !== "").join("\n\n");
}

export function callsOf({ items }: Message): ToolCall[] {
  return items.filter((item) => item.kind === "call");
}

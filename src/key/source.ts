/** Which of the two keys: the ordinary one, or that for admin operations. */
export type Which = "key" | "admin";

/** One place that a key can come from. */
export type Source = {
  kind: "command" | "file" | "input" | "envFile" | "environment" | "keychain";
  /** In words for people: `OPENAI_API_KEY (environment)`. */
  name: string;
  /** The text that lies there, with whatever is around the key; `undefined` when there is none. */
  read(signal: AbortSignal): Promise<string | undefined>;
  /** Milliseconds after which it is asked again for a key that upstream goes on refusing; absent: never. */
  againMs?: number;
  /** It may well have nothing, or not be there at all: that is no failure. */
  isOptional?: true;
};

/** Longest piece of a message that the mock says back, in characters. */
const longestEcho = 160;

/** What the mock answers to these words. */
export function speak(words: string): string {
  const heard = [...words.replace(/\s+/g, " ").trim()];
  if (heard.length === 0) return "Hello from the openai-relay mock! No model was asked.";
  const echo = heard.slice(0, longestEcho).join("") + (heard.length > longestEcho ? "…" : "");
  return `Hello from the openai-relay mock! No model was asked. You said: "${echo}"`;
}

/** A text as a model would stream it: word by word, with nothing lost. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** About four characters a token, and never none. */
export function tokensIn(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

/** All text of a message, a list of messages, or their content, whatever form it takes. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join("\n");
  if (typeof value !== "object" || value === null) return "";
  const { text, content } = value as { text?: unknown; content?: unknown };
  return textOf(text ?? content);
}

/** The text of the last message that the user wrote. */
export function lastWords(messages: unknown[]): string {
  return textOf(messages.findLast((message) => roleOf(message) === "user"));
}

function roleOf(message: unknown): unknown {
  return typeof message === "object" && message && "role" in message ? message.role : undefined;
}

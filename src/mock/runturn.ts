import type { Fields } from "./fields.ts";
import { textOf, tokensIn } from "./speech.ts";
import type { Turn } from "./turn.ts";

/** What an assistant calls, in the form of its run. */
type Call = { id: string; type: "function"; function: { name: string; arguments: string } };

export function callsOf({ toolCalls }: Turn): Call[] {
  return toolCalls.map(({ id, name, arguments: said }) => ({
    id,
    type: "function",
    function: { name, arguments: said },
  }));
}

/** What a step of a run says that it did: made a message, or called tools that have not answered yet. */
export function detailsOf(message: { id: string } | undefined, calls: Call[]) {
  if (message) return { type: "message_creation", message_creation: { message_id: message.id } };
  const tool_calls = calls.map((call) => ({
    ...call,
    function: { ...call.function, output: null },
  }));
  return { type: "tool_calls", tool_calls };
}

export function actionOf(tool_calls: Call[]) {
  return { type: "submit_tool_outputs", submit_tool_outputs: { tool_calls } };
}

/** A message in the form that words are looked for in. */
export function toWords({ role, content }: Fields): Fields {
  const parts = Array.isArray(content) ? content : [];
  return { role, content: parts.map((part) => ({ text: part?.text?.value ?? "" })) };
}

export function usageOf(messages: Fields[], { text }: Turn) {
  const prompt_tokens = tokensIn(textOf(messages.map(toWords)));
  const completion_tokens = tokensIn(text);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

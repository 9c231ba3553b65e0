/** What a model says in answer: a text, calls of tools, or both. */
export type Said = { text: string; toolCalls: ToolCall[] };

/** `arguments` are JSON as text, as models write it. */
export type ToolCall = { id: string; name: string; arguments: string };

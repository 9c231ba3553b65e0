/** What is wrong with the form of a key, and what to do; never the key itself. */
export type Fault = { what: string; next: string };

/** What clients of the relay send as their key, as the banner of `relay start` says. */
export const standIn = "relay";

const faults: readonly [pattern: RegExp, what: string, next: string][] = [
  [/^$/, "is empty", "Put the key there."],
  [
    /^relay$/,
    `is "${standIn}", which stands for a key in clients of the relay`,
    "Start the relay with OpenAI's key, in another shell perhaps.",
  ],
  [/^["'`‘’“”]|["'`‘’“”]$/, "has quotes around it", "Take the quotes away."],
  [
    /^bearer(?:\s|$)/i,
    'begins with "Bearer": a key is one word',
    "Give the key and nothing else; the relay adds that word.",
  ],
  [
    /^(?:export\s+)?OPENAI_\w+\s*=/,
    "is an assignment: a key is one word",
    "Give the key and nothing else, or name a file of assignments with envFile.",
  ],
  [/\s/, "has white space in it: a key is one word", "Give the key and nothing else."],
  [/[^\x21-\x7e]/, "has characters in it that no key has", "Copy the key again."],
];

/** What is wrong with the form of a key; `undefined` when it may be one. */
export function faultOf(key: string): Fault | undefined {
  const found = faults.find(([pattern]) => pattern.test(key));
  return found && { what: found[1], next: found[2] };
}

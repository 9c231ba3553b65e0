import type { ChatCompletion } from "openai/resources/chat/completions";
import { pieces } from "./speech.ts";

type Logprobs = NonNullable<ChatCompletion.Choice["logprobs"]>;

/** How sure a model would be of each word: the mock always is, and has no better idea. */
export function logprobsOf(text: string, top: number): Logprobs {
  const content = pieces(text).map((token) => {
    const likely = { token, logprob: -0.0001, bytes: [...Buffer.from(token)] };
    const others = Array.from({ length: Math.max(0, top - 1) }, (_, rank) => {
      const other = `${token}${".".repeat(rank + 1)}`;
      return { token: other, logprob: -10 - rank, bytes: [...Buffer.from(other)] };
    });
    return { ...likely, top_logprobs: top > 0 ? [likely, ...others] : [] };
  });
  return { content, refusal: null };
}

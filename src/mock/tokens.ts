/** The tokens of an answer as Responses tells them; those of reasoning are part of the output. */
export function tokenUsage(input_tokens: number, output_tokens: number, reasoning_tokens = 0) {
  return {
    input_tokens,
    input_tokens_details: { cache_write_tokens: 0, cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens },
    total_tokens: input_tokens + output_tokens,
  };
}

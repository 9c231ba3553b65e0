import type { Block, Fixture } from "./fixtures.ts";

/** What an answer to Chat Completions says beside its choices. */
function common({ response, match }: Fixture, id: string) {
  return {
    id: response.id ?? `chatcmpl-${id}`,
    created: response.created ?? 0,
    model: response.model ?? match.model ?? "gpt-5",
    ...(response.systemFingerprint !== undefined && {
      system_fingerprint: response.systemFingerprint,
    }),
  };
}

/** An answer in one piece. */
export function chatCompletion(from: Fixture, blocks: readonly Block[], id: string): object {
  const texts = blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
  const calls = callsIn(blocks, id).map(({ index: _, ...call }) => call);
  const message = {
    role: "assistant",
    content: texts.length > 0 ? texts.join("") : null,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishOf(from, calls) };
  const usage = usageOf(from);
  return { ...common(from, id), object: "chat.completion", choices: [choice], usage };
}

/** The same as the events of a stream; texts in pieces of `size` characters. */
export function chatEvents(
  from: Fixture,
  blocks: readonly Block[],
  id: string,
  pieces: (text: string) => string[],
): string[] {
  const base = { ...common(from, id), object: "chat.completion.chunk" };
  const event = (delta: object, finish_reason: string | null = null) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
    return `data: ${JSON.stringify({ ...base, choices })}\n\n`;
  };
  const calls = callsIn(blocks, id);
  let called = 0;
  const said = blocks.flatMap((block) => {
    if (block.type === "text") return pieces(block.text).map((content) => event({ content }));
    const { function: named, ...call } = calls[called++]!;
    const begun = { ...call, function: { ...named, arguments: "" } };
    const rest = pieces(named.arguments).map((piece) => {
      return event({ tool_calls: [{ index: call.index, function: { arguments: piece } }] });
    });
    return [event({ tool_calls: [begun] }), ...rest];
  });
  return [
    event({ role: "assistant", content: "" }),
    ...said,
    event({}, finishOf(from, calls)),
    "data: [DONE]\n\n",
  ];
}

function callsIn(blocks: readonly Block[], id: string) {
  const calls = blocks.filter((block) => block.type === "toolCall");
  return calls.map((call, index) => ({
    index,
    id: call.id ?? `call_${id}_${index}`,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
}

function finishOf({ response }: Fixture, calls: readonly unknown[]): string {
  return response.finishReason ?? (calls.length > 0 ? "tool_calls" : "stop");
}

function usageOf({ response: { usage = {} } }: Fixture): object {
  const prompt_tokens = Number(usage.prompt_tokens ?? usage.input_tokens ?? 0);
  const completion_tokens = Number(usage.completion_tokens ?? usage.output_tokens ?? 0);
  const total_tokens = prompt_tokens + completion_tokens;
  return { total_tokens, ...usage, prompt_tokens, completion_tokens };
}

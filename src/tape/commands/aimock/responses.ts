import type { Block, Fixture } from "./fixtures.ts";

/** An answer of the Responses API in one piece. */
export function responseOf(from: Fixture, blocks: readonly Block[], id: string) {
  const isCut = from.response.finishReason === "length";
  const isBarred = from.response.finishReason === "content_filter";
  return {
    ...begun(from, id),
    status: isCut || isBarred ? "incomplete" : "completed",
    incomplete_details:
      isCut || isBarred ? { reason: isCut ? "max_output_tokens" : "content_filter" } : null,
    output: blocks.map((block, i) => toItem(block, `${id}_${i}`)),
    usage: usageOf(from),
  };
}

/** An event of a stream. */
type Step = { type: string } & Record<string, unknown>;

/** The same as the events of a stream. */
export function responseEvents(
  from: Fixture,
  blocks: readonly Block[],
  id: string,
  pieces: (text: string) => string[],
): string[] {
  const response = responseOf(from, blocks, id);
  const steps: Step[] = [
    { type: "response.created", response: begun(from, id) },
    { type: "response.in_progress", response: begun(from, id) },
    ...blocks.flatMap((block, i) => itemEvents(block, `${id}_${i}`, i, pieces)),
    { type: `response.${response.status}`, response },
  ];
  return steps.map((step, sequence_number) => {
    return `event: ${step.type}\ndata: ${JSON.stringify({ ...step, sequence_number })}\n\n`;
  });
}

function begun({ response, match }: Fixture, id: string) {
  return {
    id: response.id ?? `resp_${id}`,
    object: "response",
    created_at: response.created ?? 0,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: response.model ?? match.model ?? "gpt-5",
    output: [] as object[],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    usage: null as object | null,
  };
}

function toItem(block: Block, id: string) {
  const status = "completed";
  if (block.type === "text") {
    const content = [{ type: "output_text", annotations: [], logprobs: [], text: block.text }];
    return { id: `msg_${id}`, type: "message", status, role: "assistant", content };
  }
  const { name, arguments: given } = block;
  const call_id = block.id ?? `call_${id}`;
  return { id: `fc_${id}`, type: "function_call", status, call_id, name, arguments: given };
}

function itemEvents(
  block: Block,
  id: string,
  output_index: number,
  pieces: (text: string) => string[],
): Step[] {
  const item = toItem(block, id);
  const at = { item_id: item.id, output_index };
  const done = { type: "response.output_item.done", output_index, item };
  const added = (empty: object) => ({
    type: "response.output_item.added",
    output_index,
    item: { ...item, status: "in_progress", ...empty },
  });
  if (block.type === "toolCall") {
    const called = "response.function_call_arguments";
    return [
      added({ arguments: "" }),
      ...pieces(block.arguments).map((delta) => ({ type: `${called}.delta`, ...at, delta })),
      { type: `${called}.done`, ...at, name: block.name, arguments: block.arguments },
      done,
    ];
  }
  const { text } = block;
  const inside = { ...at, content_index: 0 };
  const part = { type: "output_text", annotations: [], logprobs: [], text };
  const [begin, say] = ["response.content_part", "response.output_text"];
  return [
    added({ content: [] }),
    { type: `${begin}.added`, ...inside, part: { ...part, text: "" } },
    ...pieces(text).map((delta) => ({ type: `${say}.delta`, ...inside, delta, logprobs: [] })),
    { type: `${say}.done`, ...inside, text, logprobs: [] },
    { type: `${begin}.done`, ...inside, part },
    done,
  ];
}

function usageOf({ response: { usage = {} } }: Fixture): object {
  const input_tokens = Number(usage.input_tokens ?? usage.prompt_tokens ?? 0);
  const output_tokens = Number(usage.output_tokens ?? usage.completion_tokens ?? 0);
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}

import type {
  Response,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { toEvent } from "./answer.ts";
import { pieces } from "./speech.ts";

/** The stream of a response from its beginning to its end, or from behind the event that the client has. */
export function* responseEvents(begun: Response, done: Response, startingAfter = -1) {
  let sequence_number = 0;
  for (const step of steps(begun, done)) {
    if (sequence_number > startingAfter) yield toEvent({ ...step, sequence_number }, step.type);
    sequence_number += 1;
  }
}

type Unnumbered<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
type Steps = Generator<Unnumbered<ResponseStreamEvent>>;

function* steps(begun: Response, done: Response): Steps {
  yield { type: "response.created", response: begun };
  yield { type: "response.in_progress", response: { ...begun, status: "in_progress" } };
  for (const [output_index, item] of done.output.entries()) {
    yield { type: "response.output_item.added", output_index, item: emptied(item) };
    yield* stepsOf(item, output_index);
    yield { type: "response.output_item.done", output_index, item };
  }
  if (done.status === "incomplete") yield { type: "response.incomplete", response: done };
  else yield { type: "response.completed", response: done };
}

/** An item as it is when it begins. */
function emptied(item: ResponseOutputItem): ResponseOutputItem {
  if (item.type === "message") return { ...item, status: "in_progress", content: [] };
  if (item.type === "reasoning") return { ...item, summary: [] };
  if (item.type === "function_call") return { ...item, status: "in_progress", arguments: "" };
  if (item.type === "custom_tool_call") return { ...item, input: "" };
  return item;
}

function* stepsOf(item: ResponseOutputItem, output_index: number): Steps {
  const at = { item_id: item.id ?? "", output_index };
  if (item.type === "message") yield* messageSteps(item, output_index);
  if (item.type === "reasoning") yield* thoughtSteps(item, output_index);
  if (item.type === "function_call") {
    const { arguments: said } = item;
    for (const delta of morsels(said)) {
      yield { type: "response.function_call_arguments.delta", ...at, delta };
    }
    yield { type: "response.function_call_arguments.done", ...at, arguments: said };
  }
  if (item.type === "custom_tool_call") {
    for (const delta of morsels(item.input)) {
      yield { type: "response.custom_tool_call_input.delta", ...at, delta };
    }
    yield { type: "response.custom_tool_call_input.done", ...at, input: item.input };
  }
}

function* messageSteps({ id, content }: ResponseOutputMessage, output_index: number): Steps {
  for (const [content_index, part] of content.entries()) {
    if (part.type !== "output_text") continue;
    const at = { item_id: id, output_index, content_index };
    const { text, logprobs = [] } = part;
    yield {
      type: "response.content_part.added",
      ...at,
      part: { ...part, text: "", logprobs: [] },
    };
    for (const [index, delta] of pieces(text).entries()) {
      yield {
        type: "response.output_text.delta",
        ...at,
        delta,
        logprobs: logprobs.slice(index, index + 1),
      };
    }
    yield { type: "response.output_text.done", ...at, text, logprobs };
    yield { type: "response.content_part.done", ...at, part };
  }
}

function* thoughtSteps({ id, summary }: ResponseReasoningItem, output_index: number): Steps {
  for (const [summary_index, part] of summary.entries()) {
    const at = { item_id: id, output_index, summary_index };
    const { text } = part;
    yield {
      type: "response.reasoning_summary_part.added",
      ...at,
      part: { type: "summary_text", text: "" },
    };
    for (const delta of pieces(text)) {
      yield { type: "response.reasoning_summary_text.delta", ...at, delta };
    }
    yield { type: "response.reasoning_summary_text.done", ...at, text };
    yield { type: "response.reasoning_summary_part.done", ...at, part };
  }
}

function morsels(text: string): string[] {
  return text.match(/.{1,12}/gsu) ?? [];
}

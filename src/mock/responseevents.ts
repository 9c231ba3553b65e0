import type {
  Response,
  ResponseOutputMessage,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { toEvent } from "./answer.ts";
import { pieces } from "./speech.ts";

/** The stream of a response that says one message, from its beginning to its end. */
export function* responseEvents(begun: Response, message: ResponseOutputMessage, done: Response) {
  let sequence_number = 0;
  for (const step of steps(begun, message, done)) {
    yield toEvent({ ...step, sequence_number }, step.type);
    sequence_number += 1;
  }
}

function* steps(
  begun: Response,
  message: ResponseOutputMessage,
  done: Response,
): Generator<Unnumbered<ResponseStreamEvent>> {
  yield { type: "response.created", response: begun };
  yield { type: "response.in_progress", response: begun };

  const item = { ...message, status: "in_progress" as const, content: [] };
  yield { type: "response.output_item.added", output_index: 0, item };
  for (const [content_index, part] of message.content.entries()) {
    if (part.type !== "output_text") continue;
    const at = { item_id: message.id, output_index: 0, content_index };
    const { text } = part;
    yield { type: "response.content_part.added", ...at, part: { ...part, text: "" } };
    for (const delta of pieces(text)) {
      yield { type: "response.output_text.delta", ...at, delta, logprobs: [] };
    }
    yield { type: "response.output_text.done", ...at, text, logprobs: [] };
    yield { type: "response.content_part.done", ...at, part };
  }
  yield { type: "response.output_item.done", output_index: 0, item: message };

  yield { type: "response.completed", response: done };
}

type Unnumbered<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;

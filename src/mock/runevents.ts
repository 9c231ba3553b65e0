import type { Fields } from "./fields.ts";
import type { Run } from "./runs.ts";
import { pieces } from "./speech.ts";

type Message = Fields & { id: string };

/** The stream of a run, from where it waits to where it ends. */
export function* runEvents(
  run: Run,
  done: Run,
  message: Message | undefined,
  steps: Fields[],
): Generator<string> {
  const running = { ...run, status: "in_progress", started_at: done.started_at };
  if (run.required_action === null) {
    yield event("thread.run.created", run);
    yield event("thread.run.queued", run);
  }
  yield event("thread.run.in_progress", { ...running, required_action: null });
  for (const step of steps) {
    const begun = { ...step, status: "in_progress", completed_at: null, usage: null };
    yield event("thread.run.step.created", begun);
    yield event("thread.run.step.in_progress", begun);
    yield* message ? messageEvents(message) : callEvents(step);
    if (message) yield event("thread.run.step.completed", step);
  }
  yield event(`thread.run.${done.status}`, done);
  yield "event: done\ndata: [DONE]\n\n";
}

function* messageEvents(message: Message): Generator<string> {
  const begun = { ...message, status: "in_progress", content: [], completed_at: null };
  yield event("thread.message.created", begun);
  yield event("thread.message.in_progress", begun);
  for (const part of pieces(wordsOf(message))) {
    const text = { value: part, annotations: [] };
    const delta = { content: [{ index: 0, type: "text", text }] };
    yield event("thread.message.delta", { id: message.id, object: "thread.message.delta", delta });
  }
  yield event("thread.message.completed", message);
}

function* callEvents({ id, step_details }: Fields): Generator<string> {
  const { tool_calls } = step_details as { tool_calls: object[] };
  const calls = tool_calls.map((call, index) => ({ index, ...call }));
  const delta = { step_details: { type: "tool_calls", tool_calls: calls } };
  yield event("thread.run.step.delta", { id, object: "thread.run.step.delta", delta });
}

function wordsOf({ content }: Message): string {
  const [part] = content as { text: { value: string } }[];
  return part?.text.value ?? "";
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

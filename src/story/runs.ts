import type { Draft } from "./draft.ts";
import { type Fields, fieldsOf, numberOf, objectsOf, stringOf, textOf } from "./json.ts";

/** An event of a run of the Assistants API. */
export function takeRunEvent(draft: Draft, type: string, event: Fields): void {
  const delta = fieldsOf(event.delta);
  if (type === "thread.message.delta") takeContent(draft, event, delta?.content, true);
  else if (type.startsWith("thread.message.")) takeContent(draft, event, event.content, false);
  else if (type === "thread.run.step.delta")
    takeCalls(draft, event, fieldsOf(delta?.step_details)?.tool_calls, true);
  else if (type.startsWith("thread.run.step."))
    takeCalls(draft, event, fieldsOf(event.step_details)?.tool_calls, false);
  else if (type.startsWith("thread.run.")) takeRun(draft, event);
}

const running = ["queued", "in_progress", "cancelling"];

export function takeRun(draft: Draft, run: Fields): void {
  draft.describe(run);
  const status = stringOf(run.status) ?? "";
  if (!running.includes(status)) draft.finish(status);
  draft.fail(run.last_error);
  const action = fieldsOf(fieldsOf(run.required_action)?.submit_tool_outputs);
  takeCalls(draft, run, action?.tool_calls, false);
}

export function takeContent(
  draft: Draft,
  { id }: Fields,
  content: unknown,
  isPiece: boolean,
): void {
  for (const [position, part] of objectsOf(content).entries()) {
    const of = `${textOf(id)}/${numberOf(part.index) ?? position}`;
    const text = fieldsOf(part.text)?.value;
    if (isPiece) draft.say("text", of, text);
    else draft.settle("text", of, text);
    draft.settle("refusal", of, part.refusal);
  }
}

/** In a step and in the run that waits for its outputs they are the same: their ids say so. */
function takeCalls(draft: Draft, from: Fields, calls: unknown, isPiece: boolean): void {
  for (const [position, one] of objectsOf(calls).entries()) {
    const id = stringOf(one.id);
    const place = `${textOf(from.id)}/${numberOf(one.index) ?? position}`;
    const known = draft.message.items.find((item) => item.kind === "call" && item.id === id);
    const call = id && known?.kind === "call" ? known : draft.call(place);
    if (id) call.id = id;
    const what = fieldsOf(one.function) ?? fieldsOf(one.code_interpreter) ?? {};
    const said = textOf(what.arguments ?? what.input);
    call.name = stringOf(what.name) ?? (call.name || (stringOf(one.type) ?? ""));
    call.arguments = isPiece ? call.arguments + said : said || call.arguments;
    const output = textOf(what.output ?? what.outputs);
    if (output !== "" && output !== "[]") call.output = output;
  }
}

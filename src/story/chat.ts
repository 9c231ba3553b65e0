import type { Draft } from "./draft.ts";
import { type Fields, fieldsOf, numberOf, objectsOf, stringOf } from "./json.ts";
import { mimeOfAudio } from "./media.ts";

/** Chat completions and completions, whole or a chunk of them: both have choices. */
export function takeChoices(draft: Draft, value: Fields): void {
  draft.describe(value);
  for (const [position, choice] of objectsOf(value.choices).entries()) {
    const index = numberOf(choice.index) ?? position;
    const of = `choice ${index}`;
    draft.say("text", of, choice.text, index);
    const said = fieldsOf(choice.delta) ?? fieldsOf(choice.message);
    if (said) takeSaid(draft, said, of, index);
    draft.finish(choice.finish_reason);
  }
}

function takeSaid(draft: Draft, said: Fields, of: string, choice: number): void {
  // Not OpenAI's own: other servers that speak its language think aloud under these names.
  draft.say("reasoning", of, said.reasoning_content ?? said.reasoning, choice);
  draft.say("text", of, said.content, choice);
  draft.say("refusal", of, said.refusal, choice);
  for (const [position, call] of objectsOf(said.tool_calls).entries())
    takeCall(draft, call, `${of}, call ${numberOf(call.index) ?? position}`, choice);
  const former = fieldsOf(said.function_call);
  if (former) takeCall(draft, { function: former }, `${of}, function`, choice);
  const audio = fieldsOf(said.audio);
  if (audio) takeAudio(draft, audio, of, choice);
}

function takeCall(draft: Draft, from: Fields, of: string, choice: number): void {
  const call = draft.call(of, choice);
  const what = fieldsOf(from.function) ?? fieldsOf(from.custom) ?? {};
  const id = stringOf(from.id);
  if (id) call.id = id;
  call.name += stringOf(what.name) ?? "";
  call.arguments += stringOf(what.arguments) ?? stringOf(what.input) ?? "";
}

function takeAudio(draft: Draft, { data, transcript }: Fields, of: string, choice: number): void {
  draft.say("transcript", of, transcript, choice);
  if (typeof data === "string" && data !== "")
    draft.media("audio", of, mimeOfAudio(draft.audioFormat), choice).base64.push(data);
}

import type { Completion } from "openai/resources/completions";
import * as v from "valibot";
import { type Answer, events, idOf, json, madeAt, toEvent } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import { usageOf } from "./chat.ts";
import { pieces, speak, textOf } from "./speech.ts";

const completionRequest = v.looseObject({
  model: v.string(),
  prompt: v.nullish(v.union([v.string(), v.array(v.unknown())])),
  stream: v.nullish(v.boolean()),
});

/** The older text completion: one prompt, one answer. */
export function complete(asked: Asked): Answer {
  const { model, prompt, stream } = jsonOf(asked, completionRequest);
  const words = textOf(prompt);
  const text = speak(words);
  const id = idOf("cmpl-", asked.digest);
  const base = { id, object: "text_completion" as const, created: madeAt, model };
  const toCompletion = (text: string, finish_reason: "stop" | null) => ({
    ...base,
    choices: [{ index: 0, text, logprobs: null, finish_reason }],
  });
  if (stream) return events(chunks());
  const answer = { ...toCompletion(text, "stop"), usage: usageOf(words, text, 1) };
  return json(answer as Completion);

  function* chunks() {
    for (const piece of pieces(text)) yield toEvent(toCompletion(piece, null));
    yield toEvent(toCompletion("", "stop"));
    yield "data: [DONE]\n\n";
  }
}

import type { Completion } from "openai/resources/completions";
import * as v from "valibot";
import { type Answer, events, idOf, json, madeAt, toEvent } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import { usageOf } from "./chat.ts";
import { penalties, sampling, tokenLimit } from "./parameters.ts";
import { pieces, speak, textOf } from "./speech.ts";
import { cut } from "./truncate.ts";

const completionRequest = v.looseObject({
  model: v.string(),
  prompt: v.nullish(v.union([v.string(), v.array(v.unknown())])),
  max_tokens: tokenLimit,
  ...sampling,
  ...penalties,
  logprobs: v.nullish(v.number()),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
});

/** The older text completion: one prompt, one answer. */
export function complete(asked: Asked): Answer {
  const { model, prompt, max_tokens, logprobs, stream, stream_options } = jsonOf(
    asked,
    completionRequest,
  );
  const words = textOf(prompt);
  const { text, isCut } = cut(asked.said?.text ?? speak(words), max_tokens);
  const id = idOf("cmpl-", asked.digest);
  const base = { id, object: "text_completion" as const, created: madeAt, model };
  const usage = usageOf(words, text, 1);
  const finish = isCut ? ("length" as const) : ("stop" as const);
  const toCompletion = (text: string, finish_reason: typeof finish | null, begin = 0) => ({
    ...base,
    choices: [{ index: 0, text, logprobs: logprobs ? tokensOf(text, begin) : null, finish_reason }],
  });
  if (stream) return events(chunks());
  return json({ ...toCompletion(text, finish), usage } as Completion);

  function* chunks() {
    let begin = 0;
    for (const piece of pieces(text)) {
      yield toEvent(toCompletion(piece, null, begin));
      begin += piece.length;
    }
    yield toEvent(toCompletion("", finish, begin));
    if (stream_options?.include_usage) yield toEvent({ ...base, choices: [], usage });
    yield "data: [DONE]\n\n";
  }
}

function tokensOf(text: string, begin: number) {
  const tokens = pieces(text);
  return {
    tokens,
    token_logprobs: tokens.map(() => -0.0001),
    top_logprobs: tokens.map((token) => ({ [token]: -0.0001 })),
    text_offset: tokens.map((_, at) => begin + tokens.slice(0, at).join("").length),
  };
}

import type { ChatCompletion, ChatCompletionChunk } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import * as v from "valibot";
import { type Answer, events, idOf, json, madeAt, toEvent } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import { lastWords, pieces, speak, textOf, tokensIn } from "./speech.ts";

const chatRequest = v.looseObject({
  model: v.string(),
  messages: v.pipe(v.array(v.looseObject({ role: v.string() })), v.minLength(1)),
  n: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(128)), 1),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
});

export function completeChat(asked: Asked): Answer {
  const { model, messages, n, stream, stream_options } = jsonOf(asked, chatRequest);
  const text = speak(lastWords(messages));
  const usage = usageOf(textOf(messages), text, n);
  const common = {
    id: idOf("chatcmpl-", asked.digest),
    created: madeAt,
    model,
    service_tier: "default" as const,
    system_fingerprint: "fp_mock",
  };
  if (stream) return events(chunks(common, text, n, stream_options?.include_usage && usage));

  const choices = indexes(n).map((index) => ({
    index,
    message: { role: "assistant" as const, content: text, refusal: null, annotations: [] },
    logprobs: null,
    finish_reason: "stop" as const,
  }));
  return json({ ...common, object: "chat.completion", choices, usage } satisfies ChatCompletion);
}

type Common = Omit<ChatCompletionChunk, "object" | "choices">;

function* chunks(common: Common, text: string, n: number, usage?: CompletionUsage | false | null) {
  const base = {
    ...common,
    object: "chat.completion.chunk" as const,
    ...(usage && { usage: null }),
  };
  const toChunk = (choices: ChatCompletionChunk.Choice[]) =>
    toEvent({ ...base, choices } satisfies ChatCompletionChunk);

  for (const index of indexes(n)) {
    const choice = { index, logprobs: null, finish_reason: null };
    yield toChunk([{ ...choice, delta: { role: "assistant", content: "", refusal: null } }]);
    for (const content of pieces(text)) yield toChunk([{ ...choice, delta: { content } }]);
    yield toChunk([{ ...choice, delta: {}, finish_reason: "stop" }]);
  }
  if (usage) yield toEvent({ ...base, choices: [], usage } satisfies ChatCompletionChunk);
  yield "data: [DONE]\n\n";
}

/** The tokens of a prompt and of `n` answers to it. */
export function usageOf(prompt: string, answer: string, n: number): CompletionUsage {
  const prompt_tokens = tokensIn(prompt);
  const completion_tokens = tokensIn(answer) * n;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function indexes(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index);
}

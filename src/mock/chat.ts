import type { ChatCompletion, ChatCompletionMessage } from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import * as v from "valibot";
import { type Answer, events, idOf, json, madeAt } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import { type ChatAnswer, chatChunks } from "./chatchunks.ts";
import { keepChat } from "./chatstore.ts";
import { spokenAudio } from "./codecs.ts";
import { logprobsOf } from "./logprobs.ts";
import { penalties, sampling, tokenLimit } from "./parameters.ts";
import type { Operation } from "./router.ts";
import { lastWords, textOf, tokensIn } from "./speech.ts";
import type { Store } from "./store.ts";
import { cut } from "./truncate.ts";
import { type Call, type Turn, takeTurn, toolsOf } from "./turn.ts";

const roles = ["developer", "system", "user", "assistant", "tool", "function"] as const;

/** A function has a name, a schema for an answer a name and the schema itself. */
const tool = v.variant("type", [
  v.looseObject({ type: v.literal("function"), function: v.looseObject({ name: v.string() }) }),
  v.looseObject({ type: v.literal("custom"), custom: v.looseObject({ name: v.string() }) }),
]);
const format = v.variant("type", [
  v.looseObject({ type: v.literal("text") }),
  v.looseObject({ type: v.literal("json_object") }),
  v.looseObject({
    type: v.literal("json_schema"),
    json_schema: v.looseObject({ name: v.string() }),
  }),
]);

const chatRequest = v.looseObject({
  model: v.string(),
  messages: v.pipe(v.array(v.looseObject({ role: v.picklist(roles) })), v.minLength(1)),
  n: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(128)), 1),
  max_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  ...sampling,
  ...penalties,
  logprobs: v.nullish(v.boolean()),
  top_logprobs: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20)), 0),
  tools: v.nullish(v.array(tool)),
  response_format: v.nullish(format),
  modalities: v.nullish(v.array(v.string())),
  audio: v.nullish(v.looseObject({ format: v.nullish(v.string()) })),
  store: v.nullish(v.boolean()),
  metadata: v.nullish(v.record(v.string(), v.string())),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
});

type Request = v.InferOutput<typeof chatRequest>;

export function createChat(store: Store): Operation {
  return function completeChat(asked: Asked): Answer {
    const request = jsonOf(asked, chatRequest);
    const answer = answerOf(request, asked);
    const whole = wholeOf(answer);
    if (request.store) {
      keepChat(store, { ...whole, metadata: request.metadata ?? {} }, request.messages);
    }
    if (!request.stream) return json(whole);
    return events(
      chatChunks(answer, request.stream_options?.include_usage ? answer.usage : undefined),
    );
  };
}

function answerOf(request: Request, asked: Asked): ChatAnswer {
  const { model, messages, n, max_tokens, max_completion_tokens } = request;
  const turn = takeTurn({
    words: lastWords(messages),
    tools: toolsOf(request.tools),
    choice: request.tool_choice,
    hasResults: messages.at(-1)?.role === "tool",
    format: request.response_format,
    said: asked.said,
    digest: asked.digest,
  });
  const { text, isCut } = cut(turn.text, max_completion_tokens ?? max_tokens);
  const finish_reason = turn.toolCalls.length > 0 ? "tool_calls" : isCut ? "length" : "stop";
  const said = { ...turn, text };
  return {
    common: {
      id: idOf("chatcmpl-", asked.digest),
      created: madeAt,
      model,
      service_tier: "default",
      system_fingerprint: "fp_mock",
    },
    said,
    n,
    finish_reason,
    logprobs: request.logprobs ? logprobsOf(text, request.top_logprobs ?? 0) : null,
    usage: usageOf(textOf(messages), wordsOf(said), n),
    audio: hasAudio(request)
      ? spokenAudio(text, request.audio?.format ?? "wav", asked.digest)
      : undefined,
  };
}

function hasAudio({ modalities }: Request): boolean {
  return modalities?.includes("audio") ?? false;
}

function wholeOf({ common, said, n, finish_reason, logprobs, usage, audio }: ChatAnswer) {
  const tool_calls = said.toolCalls.map(toToolCall);
  const message: ChatCompletionMessage = {
    role: "assistant",
    content: (tool_calls.length > 0 && said.text === "") || audio ? null : said.text,
    refusal: null,
    annotations: [],
    ...(tool_calls.length > 0 && { tool_calls }),
    ...(audio && { audio }),
  };
  const choices = Array.from({ length: n }, (_, index) => ({
    index,
    message,
    logprobs,
    finish_reason,
  }));
  return { ...common, object: "chat.completion", choices, usage } satisfies ChatCompletion;
}

function toToolCall({ id, name, arguments: said, isCustom }: Call) {
  if (isCustom) return { id, type: "custom" as const, custom: { name, input: said } };
  return { id, type: "function" as const, function: { name, arguments: said } };
}

/** All that a turn says, for its tokens. */
export function wordsOf({ text, toolCalls }: Turn): string {
  return text + toolCalls.map(({ name, arguments: said }) => name + said).join("");
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

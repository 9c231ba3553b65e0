import type {
  ChatCompletion,
  ChatCompletionAudio,
  ChatCompletionChunk,
} from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import { toEvent } from "./answer.ts";
import { pieces } from "./speech.ts";
import type { Call, Turn } from "./turn.ts";

type Choice = ChatCompletion.Choice;

/** Everything that a chat answers, streamed or not. */
export type ChatAnswer = {
  common: Omit<ChatCompletionChunk, "object" | "choices">;
  said: Turn;
  n: number;
  finish_reason: Choice["finish_reason"];
  logprobs: Choice["logprobs"];
  usage: CompletionUsage;
  audio: ChatCompletionAudio | undefined;
};

type Delta = ChatCompletionChunk.Choice["delta"];

/** The stream of a chat; with `usage` it ends with a chunk that tells it. */
export function* chatChunks(answer: ChatAnswer, usage: CompletionUsage | undefined) {
  const object = "chat.completion.chunk" as const;
  const base = { ...answer.common, object, ...(usage && { usage: null }) };
  const toChunk = (choice: ChatCompletionChunk.Choice) =>
    toEvent({ ...base, choices: [choice] } satisfies ChatCompletionChunk);

  for (let index = 0; index < answer.n; index++) {
    const choice = { index, logprobs: null, finish_reason: null };
    const { text, toolCalls } = answer.said;
    const content = answer.audio || (toolCalls.length > 0 && !text) ? null : "";
    yield toChunk({ ...choice, delta: { role: "assistant", content, refusal: null } });
    for (const { delta, logprobs = null } of deltas(answer)) {
      yield toChunk({ ...choice, delta, logprobs });
    }
    yield toChunk({ ...choice, delta: {}, finish_reason: answer.finish_reason });
  }
  if (usage) yield toEvent({ ...base, choices: [], usage } satisfies ChatCompletionChunk);
  yield "data: [DONE]\n\n";
}

type Step = { delta: Delta; logprobs?: Choice["logprobs"] };

function* deltas({ said, logprobs, audio }: ChatAnswer): Generator<Step> {
  if (audio) {
    // The SDK has no type for this one.
    yield { delta: { audio } as Delta };
    return;
  }
  for (const [at, content] of pieces(said.text).entries()) {
    const token = logprobs?.content?.[at];
    yield {
      delta: { content },
      ...(token && { logprobs: { content: [token], refusal: null } }),
    };
  }
  for (const [index, call] of said.toolCalls.entries()) yield* callDeltas(call, index);
}

function* callDeltas(call: Call, index: number): Generator<Step> {
  const { id, name, arguments: said, isCustom } = call;
  const toDelta = (more: object): Step => ({ delta: { tool_calls: [{ index, ...more }] } });
  const kind = isCustom ? "custom" : "function";
  const field = isCustom ? "input" : "arguments";
  yield toDelta({ id, type: kind, [kind]: { name, [field]: "" } });
  for (const piece of said.match(/.{1,12}/gsu) ?? []) yield toDelta({ [kind]: { [field]: piece } });
}

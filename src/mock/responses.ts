import type { Response } from "openai/resources/responses/responses";
import * as v from "valibot";
import { type Answer, events, idOf, json, madeAt } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import type { Fields } from "./fields.ts";
import { textIn } from "./fields.ts";
import { itemsOf } from "./items.ts";
import { outputOf } from "./output.ts";
import { sampling, tokenLimit } from "./parameters.ts";
import { missingParameter } from "./refusal.ts";
import { responseEvents } from "./responseevents.ts";
import type { Kept, Responses } from "./responsestore.ts";
import type { Operation } from "./router.ts";
import { lastWords, textOf, tokensIn } from "./speech.ts";
import { tokenUsage } from "./tokens.ts";
import { cut } from "./truncate.ts";
import { type Turn, takeTurn, toolsOf } from "./turn.ts";

const responseRequest = v.looseObject({
  model: v.nullish(v.string()),
  prompt: v.nullish(v.looseObject({ id: v.string() })),
  input: v.nullish(v.union([v.string(), v.array(v.unknown())]), ""),
  instructions: v.nullish(v.string()),
  previous_response_id: v.nullish(v.string()),
  conversation: v.nullish(v.union([v.string(), v.looseObject({ id: v.string() })])),
  max_output_tokens: tokenLimit,
  ...sampling,
  reasoning: v.nullish(v.looseObject({})),
  text: v.nullish(v.looseObject({})),
  tools: v.nullish(v.array(v.looseObject({ type: v.string() }))),
  background: v.nullish(v.boolean()),
  store: v.nullish(v.boolean()),
  stream: v.nullish(v.boolean()),
});

type Request = v.InferOutput<typeof responseRequest>;

/** The model that a stored prompt brings along. */
const promptModel = "gpt-4.1";

/** What a response repeats from its request, and what stands there when the request is silent. */
const repeated = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: true,
  temperature: 1,
  text: { format: { type: "text" }, verbosity: "medium" },
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
};

export function createRespond(responses: Responses): Operation {
  return function respond(asked: Asked): Answer {
    const request = jsonOf(asked, responseRequest);
    if (!request.model && !request.prompt) throw missingParameter("model");
    const before = responses.before(request);
    const kept = keptOf(request, asked, before);
    const { begun, done } = kept;
    const isWaiting = request.background === true && !request.stream;
    responses.keep(kept, isWaiting);
    if (request.stream) return events(responseEvents(begun, done));
    return json(isWaiting ? begun : done);
  };
}

function keptOf(request: Request, asked: Asked, before: Fields[]): Kept {
  const { input, instructions } = request;
  const items = itemsOf(input, asked.digest);
  const last = Array.isArray(input) ? (input.at(-1) as { type?: unknown } | undefined) : undefined;
  const turn = takeTurn({
    words: typeof input === "string" ? input : lastWords(input),
    tools: toolsOf(request.tools),
    choice: request.tool_choice,
    hasResults: typeof last?.type === "string" && last.type.endsWith("_call_output"),
    format: request.text?.format,
    said: asked.said,
    digest: asked.digest,
  });
  const { text, isCut } = cut(turn.text, request.max_output_tokens);
  const begun = beginningOf(request, idOf("resp_", asked.digest));
  const { output, reasoningTokens } = outputOf({ ...turn, text }, request, asked.digest);
  const usage = usageOf(textOf([instructions, before, input]), { ...turn, text }, reasoningTokens);
  const end = isCut
    ? {
        status: "incomplete" as const,
        incomplete_details: { reason: "max_output_tokens" as const },
      }
    : { status: "completed" as const, completed_at: madeAt + 1 };
  const { conversation } = request;
  const conversationId = typeof conversation === "string" ? conversation : conversation?.id;
  return { begun, done: { ...begun, ...end, output, usage }, items, before, conversationId };
}

function beginningOf(request: Request, id: string): Response {
  const said = Object.entries(repeated).map(([key, silent]) => [key, request[key] ?? silent]);
  const { conversation, background, stream, user, prompt } = request;
  const wire: Wire = {
    id,
    object: "response",
    created_at: madeAt,
    completed_at: null,
    status: background && !stream ? "queued" : "in_progress",
    access_programs: null,
    error: null,
    incomplete_details: null,
    model: request.model ?? promptModel,
    output: [],
    ...(Object.fromEntries(said) as Pick<Response, Repeated>),
    text: { ...repeated.text, ...(request.text as Response["text"]) } as Response["text"] & object,
    reasoning: { ...repeated.reasoning, ...(request.reasoning as object) },
    usage: null,
    ...(typeof user === "string" && { user }),
    ...(prompt && { prompt: prompt as Response["prompt"] & object }),
    ...(conversation && {
      conversation:
        typeof conversation === "string"
          ? { id: conversation }
          : { id: textIn(conversation, "id") },
    }),
  };
  return wire as Response;
}

type Repeated = keyof Response & keyof typeof repeated;

/** On the wire there is no `output_text`, which the SDK adds, and `usage` is null until the end. */
type Wire = Omit<Response, "output_text" | "usage"> & { usage?: Response["usage"] | null };

function usageOf(prompt: string, { text, toolCalls }: Turn, reasoningTokens: number) {
  const said = text + toolCalls.map((call) => call.name + call.arguments).join("");
  return tokenUsage(tokensIn(prompt), tokensIn(said) + reasoningTokens, reasoningTokens);
}

import type {
  Response,
  ResponseOutputMessage,
  ResponseUsage,
} from "openai/resources/responses/responses";
import * as v from "valibot";
import { type Answer, events, idOf, json, madeAt } from "./answer.ts";
import { type Asked, jsonOf } from "./asked.ts";
import { responseEvents } from "./responseevents.ts";
import { lastWords, speak, textOf, tokensIn } from "./speech.ts";

const responseRequest = v.looseObject({
  model: v.string(),
  input: v.nullish(v.union([v.string(), v.array(v.unknown())]), ""),
  instructions: v.nullish(v.string()),
  stream: v.nullish(v.boolean()),
});

type Request = v.InferOutput<typeof responseRequest>;

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
  user: null,
};

export function respond(asked: Asked): Answer {
  const request = jsonOf(asked, responseRequest);
  const { input, instructions } = request;
  const text = speak(typeof input === "string" ? input : lastWords(input));
  const begun = beginningOf(request, idOf("resp_", asked.digest));
  const message = messageOf(text, idOf("msg_", asked.digest));
  const usage = usageOf(textOf([instructions, input]), text);
  const completed_at = madeAt + 1;
  const done = { ...begun, status: "completed" as const, completed_at, output: [message], usage };
  return request.stream ? events(responseEvents(begun, message, done)) : json(done);
}

function beginningOf(request: Request, id: string): Response {
  const said = Object.entries(repeated).map(([key, silent]) => [key, request[key] ?? silent]);
  const wire: Wire = {
    id,
    object: "response",
    created_at: madeAt,
    completed_at: null,
    status: "in_progress",
    access_programs: null,
    error: null,
    incomplete_details: null,
    model: request.model,
    output: [],
    ...(Object.fromEntries(said) as Pick<Response, Repeated>),
    usage: null,
  };
  return wire as Response;
}

type Repeated = keyof Response & keyof typeof repeated;

/** On the wire there is no `output_text`, which the SDK adds, and `usage` is null until the end. */
type Wire = Omit<Response, "output_text" | "usage"> & { usage?: ResponseUsage | null };

function messageOf(text: string, id: string): ResponseOutputMessage {
  const part = { type: "output_text" as const, annotations: [], logprobs: [], text };
  return { id, type: "message", status: "completed", role: "assistant", content: [part] };
}

function usageOf(prompt: string, answer: string): ResponseUsage {
  const input_tokens = tokensIn(prompt);
  const output_tokens = tokensIn(answer);
  return {
    input_tokens,
    input_tokens_details: { cache_write_tokens: 0, cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}

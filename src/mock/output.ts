import type { Response, ResponseOutputItem } from "openai/resources/responses/responses";
import { idOf } from "./answer.ts";
import { type Fields, isObject } from "./fields.ts";
import { pieces, tokensIn } from "./speech.ts";
import type { Turn } from "./turn.ts";

const thought = "The mock did not think: it says what it always says.";

/** The items of a response: what was thought if that was asked for, then the text or the calls. */
export function outputOf({ text, toolCalls }: Turn, request: Fields, digest: string) {
  const output: Response["output"] = [];
  const reasoning = isObject(request.reasoning) ? request.reasoning : {};
  const thinks =
    Boolean(reasoning.summary) || !["none", null, undefined].includes(effortIn(reasoning));
  if (thinks) output.push(thoughtOf(reasoning, listOf(request.include), digest));
  if (text || toolCalls.length === 0) {
    const logprobs = listOf(request.include).includes("message.output_text.logprobs")
      ? pieces(text).map(toLogprob)
      : [];
    const content = [{ type: "output_text" as const, annotations: [], logprobs, text }];
    const id = idOf("msg_", digest);
    output.push({ id, type: "message", status: "completed", role: "assistant", content });
  }
  for (const [index, call] of toolCalls.entries()) {
    const seed = `${digest} ${index}`;
    const { id: call_id, name } = call;
    output.push(
      call.isCustom
        ? { type: "custom_tool_call", id: idOf("ctc_", seed), call_id, name, input: call.arguments }
        : {
            type: "function_call",
            id: idOf("fc_", seed),
            call_id,
            name,
            arguments: call.arguments,
            status: "completed",
          },
    );
  }
  return { output, reasoningTokens: thinks ? tokensIn(thought) : 0 };
}

function thoughtOf(reasoning: Fields, include: unknown[], digest: string): ResponseOutputItem {
  const summary = reasoning.summary ? [{ type: "summary_text" as const, text: thought }] : [];
  const isEncrypted = include.includes("reasoning.encrypted_content");
  return {
    id: idOf("rs_", digest),
    type: "reasoning",
    summary,
    ...(isEncrypted && { encrypted_content: Buffer.from(thought).toString("base64") }),
  };
}

function toLogprob(token: string) {
  return { token, logprob: -0.0001, bytes: [...Buffer.from(token)], top_logprobs: [] };
}

function effortIn({ effort }: Fields): string | null | undefined {
  return effort as string | null | undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

import { setImmediate as nextTurn, setTimeout } from "node:timers/promises";
import type { ConversationItem, RealtimeResponse } from "openai/resources/realtime/realtime";
import { type Heard, heardOf } from "../heard.ts";
import type { Rate } from "../limits.ts";
import { type Pace, Rhythm } from "../pace.ts";
import { invalidParameter, Refusal } from "../refusal.ts";
import type { Said } from "../said.ts";
import { textOf, tokensIn } from "../speech.ts";
import { tokensOfEvent } from "../spoken.ts";
import { takeTurn, toolsOf } from "../turn.ts";
import type { Conversation } from "./conversation.ts";
import type { Event } from "./event-reply.ts";
import { type Nameless, responseEvents } from "./realtime-events.ts";
import type { Session } from "./realtime-session.ts";

/** What is said to what was heard, how fast, and what is left of the limits. */
export type Voice = (heard: Heard) => {
  pace: Pace;
  rates: Rate[] | undefined;
  said?: Said | undefined;
  error?: Failure | undefined;
};

export type Failure = {
  message: string;
  type?: string | undefined;
  code?: string | null | undefined;
};

type Parts = {
  voice: Voice;
  conversation: Conversation;
  session: () => Session;
  emit: (event: Nameless, sent?: () => void) => void;
  complain: (cause: unknown, eventId?: unknown) => void;
  newId: (prefix: string) => string;
};

/** Makes responses, one at a time. */
export function createResponder(parts: Parts) {
  const { voice, conversation, session, emit, complain, newId } = parts;
  let active: { id: string; end: AbortController } | undefined;

  function create(event: Event): void {
    if (active) {
      const message = `Conversation already has an active response in progress: ${active.id}. Wait until the response is finished before creating a new one.`;
      throw new Refusal(400, message, { code: "conversation_already_has_active_response" });
    }
    const now = session();
    if (now.type === "transcription")
      throw new Refusal(400, "A transcription session makes no responses.", {
        code: "invalid_value",
      });
    active = { id: newId("resp_"), end: new AbortController() };
    respond(active, now, (event.response ?? {}) as Event)
      .catch((cause: unknown) => complain(cause, event.event_id))
      .finally(() => {
        active = undefined;
      });
  }

  function cancel(): void {
    if (!active) {
      const message = "Cancellation failed: no active response found.";
      throw new Refusal(400, message, { code: "response_cancel_not_active" });
    }
    active.end.abort();
  }

  async function respond(
    { id, end: { signal } }: NonNullable<typeof active>,
    now: Session & { type: "realtime" },
    given: Event,
  ): Promise<void> {
    const wanted = { ...now, ...given } as Session & { type: "realtime" } & Event;
    const isApart = given.conversation === "none";
    const items = Array.isArray(given.input) ? given.input : conversation.items;
    const heard = heardOf("POST", "/v1/realtime", {
      ...{ model: now.model, input: items, instructions: wanted.instructions },
      max_output_tokens: wanted.max_output_tokens,
    });
    const { pace, rates, said: told, error } = voice(heard);
    const said = takeTurn({
      ...{ words: heard.text, tools: toolsOf(wanted.tools), choice: wanted.tool_choice },
      ...{ hasResults: isResult(items.at(-1)), format: undefined, said: told, digest: id },
    });
    const modalities: unknown = wanted.output_modalities ?? ["audio"];
    if (!Array.isArray(modalities))
      throw invalidParameter("response.output_modalities", "expected an array");
    const withAudio = modalities.includes("audio");
    const response = {
      ...{ id, object: "realtime.response" as const, status: "in_progress" as const, output: [] },
      ...(!isApart && { conversation_id: `conv_${now.id.slice("sess_".length)}` }),
      output_modalities: [withAudio ? ("audio" as const) : ("text" as const)],
      max_output_tokens: wanted.max_output_tokens ?? "inf",
      metadata: (given.metadata ?? null) as RealtimeResponse["metadata"] & null,
    };
    const usage = usageOf(heard, said, withAudio);
    const events = error
      ? failed(response, error)
      : responseEvents({ said, response, withAudio, usage, newId });

    const rhythm = new Rhythm(pace);
    for (const event of events) {
      const tokens = tokensOfEvent(event);
      await until(rhythm.after(tokens, tokens > 0 ? 1 : 0), signal);
      if (signal.aborted) break;
      if (isApart && event.type.startsWith("conversation.")) continue;
      if (event.type === "conversation.item.done") conversation.add(event.item as ConversationItem);
      // A slow client has taken it first.
      await new Promise<void>((resolve) => emit(event, resolve));
      if (event.type === "response.created" && rates) emit(toRateLimits(rates));
    }
    const details = { type: "cancelled" as const, reason: "client_cancelled" as const };
    const status = { status: "cancelled" as const, status_details: details };
    if (signal.aborted) emit({ type: "response.done", response: { ...response, ...status } });
  }

  return { create, cancel, stop: () => active?.end.abort() };
}

/** What a tool has answered, which a model goes on from. */
function isResult(item: unknown): boolean {
  return (item as { type?: string } | undefined)?.type === "function_call_output";
}

function* failed(
  response: RealtimeResponse,
  { type, code, message }: Failure,
): Generator<Nameless> {
  yield { type: "response.created", response };
  const error = { message, ...(type && { type }), ...(code && { code }) };
  const status_details = { type: "failed" as const, error };
  yield { type: "response.done", response: { ...response, status: "failed", status_details } };
}

function toRateLimits(rates: Rate[]): Nameless {
  const rate_limits = rates.map(({ resetMs, ...rate }) => ({
    ...rate,
    reset_seconds: Math.ceil(resetMs) / 1_000,
  }));
  return { type: "rate_limits.updated", rate_limits };
}

function usageOf({ tokens }: Heard, { text, toolCalls }: Said, withAudio: boolean) {
  const output_tokens = tokensIn(text + textOf(toolCalls.map((call) => call.arguments)));
  const spoken = withAudio ? output_tokens : 0;
  return {
    ...{ input_tokens: tokens, output_tokens, total_tokens: tokens + output_tokens },
    input_token_details: { text_tokens: tokens, audio_tokens: 0, cached_tokens: 0 },
    output_token_details: { text_tokens: output_tokens - spoken, audio_tokens: spoken },
  };
}

/** Waits for a moment, and for one turn of the event loop at least: the client may want to cancel. */
async function until(due: number, signal: AbortSignal): Promise<void> {
  const wait = due - performance.now();
  await (wait > 0 ? setTimeout(wait, undefined, { signal }) : nextTurn()).catch(() => {});
}

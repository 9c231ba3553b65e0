import type {
  RealtimeSessionCreateRequest,
  RealtimeTranscriptionSessionCreateRequest,
} from "openai/resources/realtime/realtime";
import { madeAt } from "../answer.ts";

export type Session = (RealtimeSessionCreateRequest | RealtimeTranscriptionSessionCreateRequest) & {
  id: string;
  object: string;
  expires_at: number;
};

/** Whoever talks or listens; nobody detects turns here, and the session says so. */
const input = {
  format: { type: "audio/pcm" as const, rate: 24_000 as const },
  turn_detection: null,
};

/** A session as it is when the client has said no more than its address does. */
export function createSession(id: string, query: URLSearchParams): Session {
  const common = { id, expires_at: madeAt + 3_600 };
  if (query.get("intent") === "transcription")
    return {
      ...common,
      object: "realtime.transcription_session",
      type: "transcription",
      audio: { input },
    };
  return {
    ...common,
    object: "realtime.session",
    type: "realtime",
    model: query.get("model") ?? "gpt-realtime",
    output_modalities: ["audio"],
    instructions: "",
    tools: [],
    tool_choice: "auto",
    max_output_tokens: "inf",
    tracing: null,
    truncation: "auto",
    audio: { input, output: { format: input.format, voice: "marin", speed: 1 } },
  };
}

/** What an update says, over what was: objects field by field, everything else as a whole. */
export function merged<T>(before: T, update: unknown): T {
  if (!isObject(before) || !isObject(update)) return update as T;
  const fields = Object.entries(update).map(([name, value]) => [
    name,
    merged((before as Record<string, unknown>)[name], value),
  ]);
  return { ...before, ...Object.fromEntries(fields) };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { ConversationItem } from "openai/resources/realtime/realtime";
import { invalidParameter, Refusal } from "../refusal.ts";
import type { Event } from "./event-reply.ts";
import type { Nameless } from "./realtime-events.ts";
import type { Session } from "./realtime-session.ts";

type Parts = {
  emit: (event: Nameless) => void;
  newId: (prefix: string) => string;
  session: () => Session;
  keep: (item: ConversationItem) => void;
  last: () => string | null;
};

/** Less than this is not taken for speech. */
const leastMs = 100;

/** The audio that a client has sent and not yet committed: how much of it, for nobody hears it. */
export function createAudioBuffer({ emit, newId, session, keep, last }: Parts) {
  let bytes = 0;

  function append({ audio }: Event): void {
    if (typeof audio !== "string" || !/^[\w+/-]*={0,2}$/.test(audio))
      throw invalidParameter("audio", "expected base64");
    bytes += Buffer.byteLength(audio, "base64");
  }

  function commit(): void {
    const { format, transcription } = session().audio?.input ?? {};
    const ms = bytes / (format?.type === "audio/pcm" ? 48 : 8);
    if (ms < leastMs) {
      const message = `Error committing input audio buffer: buffer too small. Expected at least ${leastMs}ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`;
      throw new Refusal(400, message, { code: "input_audio_buffer_commit_empty" });
    }
    bytes = 0;
    const item_id = newId("item_");
    emit({ type: "input_audio_buffer.committed", previous_item_id: last(), item_id });
    const content = [{ type: "input_audio" as const }];
    keep({
      ...{ id: item_id, object: "realtime.item", type: "message", role: "user" },
      ...{ status: "completed", content },
    });
    if (transcription) transcribe(item_id, ms / 1_000);
  }

  function transcribe(item_id: string, seconds: number): void {
    const transcript = `${seconds} seconds of audio that no model has heard.`;
    const at = { item_id, content_index: 0 };
    const type = "conversation.item.input_audio_transcription";
    emit({ type: `${type}.delta`, ...at, delta: transcript });
    const usage = { type: "duration" as const, seconds };
    emit({ type: `${type}.completed`, ...at, transcript, usage });
  }

  function clear(): void {
    bytes = 0;
    emit({ type: "input_audio_buffer.cleared" });
  }

  return { append, commit, clear };
}

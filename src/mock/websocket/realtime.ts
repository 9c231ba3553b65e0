import type { ConversationItem } from "openai/resources/realtime/realtime";
import type { WebSocket } from "ws";
import type { Exchange } from "../../exchange.ts";
import { idOf } from "../answer.ts";
import { invalidParameter, missingParameter, Refusal } from "../refusal.ts";
import { parsed } from "../spoken.ts";
import { maxMessage } from "./accept.ts";
import { createAudioBuffer } from "./audio-buffer.ts";
import { Conversation } from "./conversation.ts";
import type { Event } from "./event-reply.ts";
import type { Nameless } from "./realtime-events.ts";
import { createResponder, type Voice } from "./realtime-responder.ts";
import { createSession, merged } from "./realtime-session.ts";
import { toError } from "./to-error.ts";

const itemTypes = /^(?:message|function_call|function_call_output|mcp_\w+)$/;

/** Realtime over WebSocket, as far as it goes without ears: turns end when the client says so. */
export function converseInRealtime(socket: WebSocket, handshake: Exchange, voice: Voice): void {
  const query = new URLSearchParams(handshake.target.split("?", 2)[1]);
  let count = 0;
  const newId = (prefix: string) => idOf(prefix, `${handshake.id} ${count++}`);
  const emit = (event: Nameless, sent?: () => void) =>
    socket.send(JSON.stringify({ event_id: newId("event_"), ...event }), sent);

  if (!query.has("model") && !query.has("intent") && !query.has("call_id")) {
    const refusal = new Refusal(400, "You must provide a model parameter.", {
      code: "missing_model",
    });
    emit({ type: "error", error: refusal.toJSON().error });
    socket.close(4000, "invalid_request_error.missing_model");
    return;
  }
  const complain = (cause: unknown, id: unknown = null) => {
    const event_id = typeof id === "string" ? id : null;
    emit({ type: "error", error: { ...toError(cause), event_id } });
  };
  let session = createSession(newId("sess_"), query);
  const conversation = new Conversation();
  const keep = (item: ConversationItem, after?: string) => {
    const previous_item_id = after ?? conversation.last;
    conversation.add(item, after);
    emit({ type: "conversation.item.added", previous_item_id, item });
    emit({ type: "conversation.item.done", previous_item_id, item });
  };
  const common = { emit, complain, newId, session: () => session };
  const audio = createAudioBuffer({ ...common, keep, last: () => conversation.last });
  const responder = createResponder({ ...common, conversation, voice });

  const handlers: Record<string, (event: Event) => void> = {
    "session.update"({ session: update }) {
      if (typeof update !== "object" || update === null) throw missingParameter("session");
      const next = merged(session, update);
      if (JSON.stringify(next).length > maxMessage)
        throw invalidParameter("session", "it is longer than a message may be");
      session = next;
      emit({ type: "session.updated", session });
    },
    "conversation.item.create"({ item, previous_item_id: after }) {
      const given = (item ?? {}) as { id?: unknown; type?: string };
      if (!itemTypes.test(given.type ?? ""))
        throw invalidParameter("item.type", `'${given.type}' is no type of an item`);
      if (typeof after === "string" && after !== "root") find(after, "previous_item_id");
      const id = given.id ?? newId("item_");
      if (typeof id !== "string") throw invalidParameter("item.id", "expected a string");
      if (conversation.find(id)) throw invalidParameter("item.id", `'${id}' is there already`);
      const whole = { object: "realtime.item", status: "completed", ...given, id };
      keep(whole as ConversationItem, typeof after === "string" ? after : undefined);
    },
    "conversation.item.retrieve"({ item_id }) {
      emit({ type: "conversation.item.retrieved", item: find(item_id) });
    },
    "conversation.item.delete"({ item_id }) {
      conversation.remove(find(item_id));
      emit({ type: "conversation.item.deleted", item_id: String(item_id) });
    },
    "conversation.item.truncate"({ item_id, content_index, audio_end_ms }) {
      find(item_id);
      const at = { content_index: Number(content_index), audio_end_ms: Number(audio_end_ms) };
      emit({ type: "conversation.item.truncated", item_id: String(item_id), ...at });
    },
    "input_audio_buffer.append": audio.append,
    "input_audio_buffer.commit": audio.commit,
    "input_audio_buffer.clear": audio.clear,
    "response.create": responder.create,
    "response.cancel": responder.cancel,
  };

  function find(id: unknown, param = "item_id"): ConversationItem {
    const item = conversation.find(id);
    const message = `Item with item_id '${id}' does not exist in the conversation.`;
    if (!item) throw new Refusal(404, message, { param, code: "item_not_found" });
    return item;
  }

  socket.on("close", responder.stop);
  socket.on("message", (data) => {
    const event = (parsed(String(data)) ?? {}) as Event;
    try {
      const type = String(event.type);
      if (!Object.hasOwn(handlers, type)) throw unknownType(event.type, Object.keys(handlers));
      handlers[type]!(event);
    } catch (error) {
      complain(error, event.event_id);
    }
  });
  emit({ type: "session.created", session });
}

function unknownType(type: unknown, known: string[]): Refusal {
  if (type === undefined) return missingParameter("type");
  const message = `Invalid value: '${type}'. The mock knows ${known.join(", ")}.`;
  return new Refusal(400, message, { param: "type", code: "invalid_value" });
}

import { idOf, toEvent } from "./answer.ts";
import type { Fields } from "./fields.ts";
import { pieces } from "./speech.ts";

export type Session = Fields & { id: string; agent: { id: string } };
export type Turn = Fields & { id: string };

/** What a session tells of a turn that answers with one message, and that it is idle again. */
export function turnEvents(of: Session, turn: Turn, item: Turn, text: string): string[] {
  const begun = { ...turn, completed_at: null, usage: null };
  const queued = { ...begun, status: "queued", started_at: null };
  const running = { ...begun, status: "in_progress" };
  const at = { session_id: of.id, turn_id: turn.id };
  const inItem = { ...at, item_id: item.id, output_index: 0, content_index: 0 };
  const part = { type: "output_text", text };
  const steps: Fields[] = [
    { type: "agent.session.in_progress", session: { ...of, status: "in_progress" } },
    { type: "agent.session.turn.created", ...at, turn: queued },
    { type: "agent.session.turn.in_progress", ...at, turn: running },
    {
      type: "agent.session.turn.item.added",
      ...at,
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    },
    { type: "agent.session.turn.content_part.added", ...inItem, part: { ...part, text: "" } },
    ...pieces(text).map((delta) => ({
      type: "agent.session.turn.output_text.delta",
      ...inItem,
      delta,
    })),
    { type: "agent.session.turn.output_text.done", ...inItem, text },
    { type: "agent.session.turn.content_part.done", ...inItem, part },
    { type: "agent.session.turn.item.done", ...at, output_index: 0, item },
    { type: "agent.session.turn.completed", ...at, turn, usage: turn.usage },
  ];
  const told = steps.map((step, index) => toEvent({ ...step, ...idsOf(turn.id, index) }));
  return [...told, idle(of, steps.length)];
}

export function idle(of: Session, index: number): string {
  return toEvent({ type: "agent.session.idle", ...idsOf(of.id, index), session: of });
}

export function idsOf(seed: string, index: number) {
  return { event_id: idOf("event_", `${seed} ${index}`) };
}
